package redact

import "bytes"

// not-public rejects certificates, public keys and values that are encrypted.
func init() { registerPlain("not-public", func(v []byte) bool { return !isPublic(v) }) }

// publicMarks begin what is public by its form: certificates and public keys, plain and
// in base64, and values that are encrypted where they stand (SOPS, Jasypt, Spring Cloud
// Config, Ansible Vault).
var publicMarks = [][]byte{
	[]byte("-----BEGIN CERT"), []byte("-----BEGIN PUBLIC"), []byte("-----BEGIN RSA PUBLIC"), []byte("-----BEGIN X509"),
	[]byte("-----BEGIN SSH2 PUBLIC"), []byte("---- BEGIN SSH2 PUBLIC"), []byte("-----BEGIN PGP PUBLIC"),
	[]byte("LS0tLS1CRUdJTiBDRVJU"), []byte("LS0tLS1CRUdJTiBQVUJMSUMg"), []byte("LS0tLS1CRUdJTiBSU0EgUFVCTElD"),
	[]byte("ssh-rsa AAAA"), []byte("ssh-dss AAAA"), []byte("ssh-ed25519 AAAA"), []byte("ecdsa-sha2-nistp"),
	[]byte("sk-ssh-ed25519@"), []byte("sk-ecdsa-sha2-"),
	[]byte("ENC["), []byte("ENC("), []byte("{cipher}"), []byte("!vault"), []byte("$ANSIBLE_VAULT;"),
}

func isPublic(v []byte) bool {
	v = bytes.TrimLeft(v, "\"'` \t\r\n")
	for _, mark := range publicMarks {
		if bytes.HasPrefix(v, mark) {
			return true
		}
	}
	return false
}
