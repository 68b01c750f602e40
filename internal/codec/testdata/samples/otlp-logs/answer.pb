
three were late