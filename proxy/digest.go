package proxy

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // what peers ask for, to find accidents
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"slices"
	"strings"
)

// Digests are fields that say what the bytes of a body come to. One of a known kind is
// made anew for a body that changed, any other is left out.

// digestFuncs are the algorithms, by the names that Digest (RFC 3230), Content-Digest
// (RFC 9530) and the clouds' fields have for them, in lower case.
var digestFuncs = map[string]func() hash.Hash{
	"md5": md5.New, "sha": sha1.New, "sha-256": sha256.New, "sha-512": sha512.New,
	"crc32c": func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
}

// nvme is the polynomial of CRC-64/NVME, which S3 uses.
var nvme = crc64.MakeTable(0x9a6c9329ac4bc9b5)

// digestFields say how the value of a field is made for a body. old is the value for
// the body before; nil means that the field has to go.
var digestFields = map[string]func(old, body []byte) []byte{
	"content-md5":              encodedDigest(md5.New),
	"x-ms-blob-content-md5":    encodedDigest(md5.New),
	"x-amz-checksum-sha1":      encodedDigest(sha1.New),
	"x-amz-checksum-sha256":    encodedDigest(sha256.New),
	"x-amz-checksum-crc32":     encodedDigest(func() hash.Hash { return crc32.NewIEEE() }),
	"x-amz-checksum-crc32c":    encodedDigest(digestFuncs["crc32c"]),
	"x-amz-checksum-crc64nvme": encodedDigest(func() hash.Hash { return crc64.New(nvme) }),
	"x-ms-content-sha256":      encodedDigest(sha256.New),
	"x-amz-content-sha256":     payloadDigest,
	"digest":                   listedDigests("", ""),
	"x-goog-hash":              listedDigests("", ""),
	"content-digest":           listedDigests(":", ":"),
	"repr-digest":              listedDigests(":", ":"),
}

// redigest returns the value of a field that describes a body for another one, nil
// where that can't be told.
func redigest(name, old, body []byte) []byte {
	if body == nil || len(name) > 64 {
		return nil
	}
	var buf [64]byte
	if f := digestFields[string(lowered(&buf, name))]; f != nil {
		return f(old, body)
	}
	return nil
}

func sum(make func() hash.Hash, body []byte) []byte {
	h := make()
	h.Write(body)
	return h.Sum(nil)
}

// encodedDigest is a digest in base64.
func encodedDigest(make func() hash.Hash) func(old, body []byte) []byte {
	return func(_, body []byte) []byte {
		return base64.StdEncoding.AppendEncode(nil, sum(make, body))
	}
}

// payloadDigest is the SHA-256 of AWS, in hexadecimal digits, unless one of its words
// stands there (UNSIGNED-PAYLOAD), which say nothing about the bytes.
func payloadDigest(old, body []byte) []byte {
	if bytes.HasPrefix(old, []byte("UNSIGNED-PAYLOAD")) || bytes.HasPrefix(old, []byte("STREAMING-")) {
		return old
	}
	return hex.AppendEncode(nil, sum(sha256.New, body))
}

// listedDigests is a list of "algorithm=digest", with what stands around a digest in
// base64. Those of unknown algorithms are left out, and the field if none is left.
func listedDigests(before, after string) func(old, body []byte) []byte {
	return func(old, body []byte) []byte {
		var out []string
		for item := range strings.SplitSeq(string(old), ",") {
			name, _, ok := strings.Cut(strings.TrimSpace(item), "=")
			f := digestFuncs[strings.ToLower(name)]
			if !ok || f == nil {
				continue
			}
			digest := name + "=" + before + base64.StdEncoding.EncodeToString(sum(f, body)) + after
			if !slices.Contains(out, digest) {
				out = append(out, digest)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return []byte(strings.Join(out, ", "))
	}
}
