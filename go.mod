module github.com/redactd/redactd

go 1.26.0
