"""What ``powershell_objects.py`` puts together: classes, values, errors, and one file for each form of objects."""
