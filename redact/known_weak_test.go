package redact

import (
	"strings"
	"testing"
)

func TestCommonness(t *testing.T) {
	common := []string{"changeme", "${DB_PASSWORD}", "<your-token>", "xxxxxxxxxxxx", "********", "aaaaaaaabbbb", "localhost", "PASSWORD",
		"postgres", "20261122", "2026-11-22T16:35:59Z", "5432", "192.168.100.17", "10.0.0.0/8", "127.0.0.1:8080", "administrator",
		"payment-service", "my_application", "eu-central-1", "production", "/usr/local/bin", "ServiceAccount", "v1.12.0-3"}
	for _, v := range common {
		if Commonness([]byte(v)) == "" {
			t.Errorf("%q is taken", v)
		}
	}
	secret := []string{"hunter2" + "hunter", "Tr0ub4dor" + "&3", "kX9pQ2" + "mVz7", "correct-horse-battery-staple", "qzxvkjw" + "ptr",
		strings.Repeat("9", 3) + "4716280351846", "postgres://app:" + "s3cr3tPw@db/app", "7f3a" + "9c1e5b2d8f40", "pässwörd" + "Ü1"}
	for _, v := range secret {
		if why := Commonness([]byte(v)); why != "" {
			t.Errorf("%q %s", v, why)
		}
	}
}
