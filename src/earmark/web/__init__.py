"""The web page and its JSON API: a face, like `cli/`. `create_app` in `app.py` is where it begins."""
