"""Every text that the server itself writes to people, in letters and pushes. As on the page, a language is one file,
and all have one shape."""
