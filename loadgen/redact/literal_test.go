package redact_test

import (
	"slices"
	"testing"

	"fsctl/loadgen/redact"
)

func TestValuesThatAreNamed(t *testing.T) {
	for text, want := range map[string][]string{
		`/a?page=1&access_token=s3cr3t-1&x=2`:        {"s3cr3t-1"},
		`/a?key=s3cr3t-2`:                            {"s3cr3t-2"},
		`/a?sig=s3cr3t-3&monkey=banana`:              {"s3cr3t-3"},
		`{"password":"hunter2","user":"bob"}`:        {"hunter2"},
		`{"pass": "hunter2", "passage": "long one"}`: {"hunter2"},
		`user=bob&pwd=hunter2`:                       {"hunter2"},
		`http://bob:hunter2@shop.example/`:           {"bob:hunter2", "hunter2"},
		`{"token": null, "otp": true, "pin": "12"}`:  nil,
		"--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n--x--": {"hunter2"},
		"{'password': 'hunter2'}": {"hunter2"},
		`{"card": "4111111111111111", "cvv": "123", "discard": "notes", "cardinal": "point"}`:                       {"4111111111111111"},
		`{"user_otp": "471147", "smsOtp": "471148", "footprint": "small", "hotpot": "spicy", "caliban": "tempest"}`: {"471147", "471148"},
		`{"cardNumber": 4111111111111111, "cards": "four"}`:                                                         {"4111111111111111"},
		`{"got": "{\"pin\":\"471147\",\"page\":\"twelve\"}"}`:                                                       {"471147"},
		`{"pin": 471147, "pins": 471148}`:                                                                           {"471147"},
		"--x\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n471147\r\n--x--":                                {"471147"},
		"--x\r\nContent-Disposition: form-data; name=\"pinboard\"\r\n\r\n471147\r\n--x--":                           nil,
		`<o:pin>471147</o:pin><spin>471148</spin><password type="x">hunter2</password>`:                             {"471147", "hunter2"},
		"{'pin': '471147', 'spin': 'round'}":                                                                        {"471147"},
	} {
		got := redact.NamedValues(text)
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s: found %q, wanted %q", text, got, want)
		}
	}
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		text   string
		isPath bool
		want   []string
	}{
		{"page=1&q=4f9a-77c1-2b3d-x9z8", false, []string{"4f9a-77c1-2b3d-x9z8"}},
		{"a plain sentence of many words, internationalization", false, nil},
		{"0123456789012345678901234567890", false, nil},
		{"/api/double11-2026-main/items/sku-1", true, nil},
		{"/hooks/A1b2C3d4E5f6G7h8I9j0/x", true, []string{"A1b2C3d4E5f6G7h8I9j0"}},
		{"/x/3f2504e0-4f89-41d3-9a0c-0305e82c3301", true, []string{"3f2504e0-4f89-41d3-9a0c-0305e82c3301"}},
	} {
		if got := redact.Tokens(c.text, c.isPath); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %q, wanted %q", c.text, got, c.want)
		}
	}
}

func TestPublicHeaders(t *testing.T) {
	for name, want := range map[string]bool{"accept": true, "Content-Type": true, "Sec-Fetch-Mode": true, "X-Forwarded-For": true, "X-Client-Version": true, "X-Currency": true, "X-Version-Key": false, "Authorization": false, "X": false, "Cookie": false, "X-Api-Key": false, "Sec-WebSocket-Key": false} {
		if got := redact.IsPublicHeader(name); got != want {
			t.Errorf("%s: found %v, wanted %v", name, got, want)
		}
	}
}
