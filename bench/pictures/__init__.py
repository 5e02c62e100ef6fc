"""Every screen and state of the page as pictures, to look at."""
