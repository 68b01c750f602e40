package redact

import (
	"strings"
	"testing"
)

func TestValidators(t *testing.T) {
	b64 := "eyJhbGciOiJIUzI1NiJ9"
	for form, tt := range map[string]struct{ valid, invalid []string }{
		"luhn":           {[]string{"4111111111111111", "4111 1111-1111 1111", "79927398713"}, []string{"4111111111111112", "", "0", "0000000000000000", "41111111111x1111"}},
		"card-prefix":    {[]string{"4111111111111111", "378282246310005", "2221000000000009", "6011 1111 1111 1117"}, []string{"1111111111111111", "41111111111111", "3782822463100055", "x"}},
		"mod97":          {[]string{"GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "NO9386011117947"}, []string{"GB82WEST12345698765431", "GB82WEST1234569876543", "XX82WEST12345698765432", "", "GB"}},
		"ssn":            {[]string{"219-09-9998", "001010001"}, []string{"000-12-3456", "666-12-3456", "912-12-3456", "219-00-9998", "219-09-0000", "078-05-1120", "123-45-6789", "219-09-999"}},
		"entropy:3":      {[]string{"abcdefgh", "a8Fk2Lq0"}, []string{"aaaaaaaa", "abababab", ""}},
		"min-distinct:4": {[]string{"abcd"}, []string{"abca", ""}},
		"has-digit":      {[]string{"a1"}, []string{"a", ""}},
		"has-letter":     {[]string{"1a", "1A"}, []string{"1", ""}},
		"mixed":          {[]string{"aA", "a1", "A1"}, []string{"a", "A", "1", "--", ""}},
		"not-uuid":       {[]string{"x", "123e4567-e89b-12d3-a456-42661417400"}, []string{"123e4567-e89b-12d3-a456-426614174000"}},
		"not-hex":        {[]string{"abcxyz", ""}, []string{"deadBEEF01"}},
		"not-path":       {[]string{"a/b9/c", "abc"}, []string{"/etc/passwd", "./x", "https://x", `C:\Users`, "~/x", "a/b/c"}},
		"not-word":       {[]string{"hunter2", "aBCdE", "x!"}, []string{"password", "max_retry_count", "com.example.Main", "Hello", "HELLO", "xsi:type="}},
		"base64-json":    {[]string{b64, b64 + ".x.y"}, []string{"abcd", "", "!!!", "W10"}},
		"rarity:5.2": {
			[]string{"qT7rXk2LmB9vWz4HsD1cJf", "zq7xk3vbn5wj2hd8fplr", "8fk2lq0zzx", "5f0c9a1b7de2"},
			[]string{"", "...", "loadDefaultUserSettings", "blue-mountain", "org.apache.hadoop.security.Token", "unauthorized"},
		},
		"not-code": {
			[]string{"hunter2", "p@ss.word", "notes.ini", "a+b", "x->y", "key-9f8a7b", "P.Smith", "(secret)", "+Ab3dEf", "пароль", "a(b", ".htaccess1", "Summer(2024", "abc[1", "q{{w}e)r}}"},
			[]string{"", "...", ",.:-", " + getPassword() + ", "+name+", ".$p[", ", ", "getenv(NAME)", "os.environ[KEY]", "process.env.PW",
				"var.db_password", "user->password", "Config::token", "arn:aws:iam::x", "(char *) p", "self.config.client_secret", "hex.EncodeToString(sum[", "readToken(", "tokens[i",
				"ptr.Int64(int64", "func(k", "struct{}", "urn:ietf:params:x", "io.ReadAll", "|| x !="},
		},
		"not-name":    {[]string{"secret", "hunter2", "password1", "letmein", "blue-sky"}, []string{"db_password", "getPassword", "API_KEY", "user-token", "apiKey", "ACME-V4-API-KEY"}},
		"not-id":      {[]string{"hunter2"}, []string{"sha512-q1w2e3r4t5y6"}},
		"not-count":   {[]string{"1234", "a1", ""}, []string{"0", "90", "123"}},
		"not-example": {[]string{"hunter2", "passwords"}, []string{"password", "TOKEN", "Pass"}},
		"not-masked": {
			[]string{"ghp_Ab9x", "AAAAAAAAab12cd34ef56", "hunter2", "p--------x1", "exchange"},
			[]string{"", "xxxxxxxxxxxxxx.atlasv1.xxxxxxxxxxxx", "sgp_aaaaaaaaaaaaaaaaaaaaaaaa", "xoxp-1-########", "sha256~_PUT_YOUR_TOKEN_HERE_", "eyJhbGciOi..."},
		},
		"not-slug": {
			[]string{"hunter2", "Ab3-dEf", "5d4b8c7f9-abcde", "abcdefghijklmnop-1", "p@ss"},
			[]string{"web-5d4b8c7f9-abcde", "jackson-core-2.17.0", "default-token-x7k2p", "BinderProxy@1a2b3c", "AppWindowToken{23f2069"},
		},
		"not-time":      {[]string{"hunter2", "12345678", "a-b-c", "1a-2b-3c-4d", ""}, []string{"2026-01-02T03:04:05Z", "10.0.0.1", "v1.2.3", "03/01/2026"}},
		"not-predicate": {[]string{"letmein", "swordfish", "hunter2", "P@ss"}, []string{"required", "incorrect", "Invalid.", "missing", "too", "correct/incorrect"}},
		"bitcoin": {
			[]string{
				"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
				"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
			},
			[]string{"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "", "bc1"},
		},
		"not-dsn": {
			[]string{"hunter2", "app/Tr0ub4dor@db", "a=b", "x y z", "://", ""},
			[]string{"postgresql://app@db:5432/app", "jdbc:mysql://db/app", "Server=db;Database=app", "host=db user=app"},
		},
		"not-message": {
			[]string{"hunter2", "correct horse battery staple", "My p4ssword is long.", "Secret.", "two words."},
			[]string{"This field may not be blank.", "The two password fields didn't match.", "Ensure this value has at least 8 characters!"},
		},
		"not-placeholder": {
			[]string{"hunter2", "secret", "p", "xa", "a***b9Fq2", "[1]x"},
			[]string{"", "null", "None", "changeme", "xxxx", "XXXXXXXX", "****", "<token>", "${VAR}", "{{ var }}", "%s", "%(password)s",
				"your_api_key_here", "REDACTED", "[REDACTED:x]", "$PASSWORD", "'changeme'", "$BASE_URL/x/y", "$1", "&lt;YOUR PASSWORD&gt;", "acmefakekey", "__PASSWORD__", "abcdefgh...", "••••••", "ab****cd"},
		},
		"not-public": {
			[]string{"hunter2", "-----BEGIN PRIVATE KEY-----", "ENCODED"},
			[]string{"-----BEGIN CERTIFICATE-----\nMII", "ssh-ed25519 AAAAC3Nz", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0t", "ENC[AES256_GCM,data:x]", "{cipher}abc"},
		},
		"not-remark": {
			[]string{"hunter2", "secret", "password", "united", "welcome"},
			[]string{"Required.", "Optional.", "and", "to", "or,", "changed"},
		},
	} {
		v, err := parseValidator(form)
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		for _, value := range tt.valid {
			if !v.Valid([]byte(value)) {
				t.Errorf("%s rejects %q", form, value)
			}
		}
		for _, value := range tt.invalid {
			if v.Valid([]byte(value)) {
				t.Errorf("%s accepts %q", form, value)
			}
		}
	}
	for _, form := range []string{"luhn:1", "entropy", "entropy:9", "min-distinct:0", "rarity", "rarity:0"} {
		if _, err := parseValidator(form); err == nil {
			t.Errorf("%s is accepted", form)
		}
	}
}

// Every registered validator stands any bytes.
func TestValidatorsStandAnything(t *testing.T) {
	forms := map[string]string{"entropy": "entropy:3", "rarity": "rarity:5", "national": "national:vin", "min-distinct": "min-distinct:3", "not-binary": "not-binary:1"}
	for _, name := range ValidatorNames() {
		form := name
		if f, ok := forms[name]; ok {
			form = f
		}
		v, err := parseValidator(form)
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		for _, value := range []string{"", " ", "\xff", "\x00\x00", "é", strings.Repeat("9", 5000), strings.Repeat("-", 40), "=", ".", "$", "%"} {
			v.Valid([]byte(value))
		}
	}
}
