package config

import (
	"path"
	"slices"
	"strings"
)

// nameGlob checks a glob of names.
func nameGlob(s string) string {
	if s == "" {
		return "is empty"
	}
	if _, err := path.Match(s, ""); err != nil {
		return "is not a glob (*, ? and [a-z] stand for other characters)"
	}
	return ""
}

// vaultURL checks the address of a Vault.
func vaultURL(s string) string {
	if problem := upstreamURL(s); problem != "" {
		return problem
	}
	if strings.Contains(s, "@") {
		return "holds credentials (token or token_file)"
	}
	return ""
}

// checkSecrets looks at what the keys of a source mean together.
func (d *decoder) checkSecrets(path string, s *Secrets) {
	if d.failed(path) {
		return
	}
	kinds := map[string]bool{
		"env": len(s.Env) > 0, "file": s.File != "", "dir": s.Dir != "", "vault": s.Vault != "", "command": len(s.Command) > 0,
	}
	kind := ""
	for _, name := range []string{"env", "file", "dir", "vault", "command"} {
		switch {
		case !kinds[name]:
		case kind == "":
			kind = name
		default:
			d.fail(path+"."+name, "stands beside %s (a table of its own for each source)", kind)
			return
		}
	}
	if kind == "" {
		d.fail(path, "names no source (one of env, file, dir, vault and command)")
		return
	}
	for _, pattern := range s.Env {
		if problem := nameGlob(pattern); problem != "" {
			d.fail(path+".env", "%s", problem)
		}
	}
	for key, of := range map[string][]string{
		"format": {"file", "dir", "command"}, "timeout": {"vault", "command"}, "except": {"env", "file", "dir", "vault", "command"},
		"keys": {"file", "dir", "vault", "command"}, "mount": {"vault"}, "version": {"vault"}, "paths": {"vault"},
		"namespace": {"vault"}, "token": {"vault"}, "token_file": {"vault"}, "tls_ca": {"vault"},
	} {
		if d.has(path+"."+key) && !slices.Contains(of, kind) {
			d.fail(path+"."+key, "has no meaning beside %s", kind)
		}
	}
	if kind == "vault" {
		d.checkVault(path, s)
	}
}

func (d *decoder) checkVault(path string, s *Secrets) {
	if len(s.Paths) == 0 {
		d.fail(path+".paths", `is missing (the paths of the secrets: ["app/db"])`)
	}
	switch {
	case s.Token == "" && s.TokenFile == "":
		d.fail(path, "has no token (token or token_file)")
	case s.Token != "" && s.TokenFile != "":
		d.fail(path+".token_file", "stands beside token (one of the two)")
	}
}
