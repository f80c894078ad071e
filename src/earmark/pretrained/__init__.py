"""Networks that others have trained: fetched, verified, converted once, and asked like our own."""
