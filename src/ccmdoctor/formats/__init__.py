"""Bytes of one format to records or states. These modules know formats and nothing of ConfigMgr's meaning.

Log shapes (``cmtrace``, ``lines``) frame the one record that holds a given byte; text formats offer
``MARKERS`` and ``read(text, file)``; binary formats say what they are by name or first bytes.
"""
