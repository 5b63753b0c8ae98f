"""Regular languages over UTF-8 bytes, for strings, keys and numbers; nothing here knows of schemas."""
