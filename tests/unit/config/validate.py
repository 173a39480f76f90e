#!/usr/bin/python3
"""validate.py SCHEMA DOCUMENTS: whether a JSON Schema accepts each document of a YAML stream.

Prints one character a document, y or n. Exits 77 where the modules are not installed.
"""
import json
import sys

try:
    import jsonschema
    import yaml
except ImportError:
    sys.exit(77)

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
with open(sys.argv[2], encoding="utf-8") as file:
    for document in yaml.safe_load_all(file):
        print("y" if validator.is_valid(document) else "n", end="")
print()
