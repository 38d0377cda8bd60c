"""Looking at what is installed: is any of it known to be vulnerable?"""
