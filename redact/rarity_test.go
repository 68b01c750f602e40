package redact

import (
	"math/rand/v2"
	"testing"
)

// Names made of words are told from random text by their rarity, in any spelling.
func TestRarityTellsNamesFromRandomText(t *testing.T) {
	const most = 5.2
	for _, name := range []string{
		"max_retry_interval_seconds", "spring.datasource.hikari.maximum-pool-size", "TargetDBClusterSnapshotIdentifier",
		"__init_subclass__", "X-Content-Type-Options", "getAuthorizationHeader", "kube-controller-manager", "applied.",
		"AWS_DEFAULT_REGION", "RGB-to-XTERM", "application/vnd.api+json", "TLS_DHE_RSA_WITH_AES_CBC_SHA",
		"correct horse battery staple", "node_memory_MemAvailable_bytes", "org.apache.kafka.clients.producer.KafkaProducer",
	} {
		if got := Rarity([]byte(name)); got >= most {
			t.Errorf("%q has %.2f bits a byte, want less than %.1f", name, got, most)
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	for _, alphabet := range []string{
		"0123456789abcdef", "abcdefghijklmnopqrstuvwxyz0123456789",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	} {
		const texts, length = 5000, 20
		missed := 0
		for range texts {
			value := make([]byte, length)
			for i := range value {
				value[i] = alphabet[r.IntN(len(alphabet))]
			}
			if Rarity(value) < most {
				missed++
			}
		}
		if missed*500 > texts {
			t.Errorf("%d of %d random texts of %q have less than %.1f bits a byte", missed, texts, alphabet, most)
		}
	}
}
