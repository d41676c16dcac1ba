package cmd

import (
	"slices"
	"testing"
)

func TestWhatCameFromTheEnvironmentIsASecret(t *testing.T) {
	for _, c := range []struct {
		given string
		want  []string
	}{
		{"", nil},
		{"storm.t0=30s", nil},
		{"steps.a.request.headers.X-Tenant=abc def", []string{"abc def", "def"}},
		{"steps.a.request.headers.Authorization=Bearer abc", []string{"Bearer abc", "abc"}},
		{"steps.a.request.headers.Authorization=Bearer ${user.token}", nil},
		{"steps.a.request.url=/x/secret-path?u=${user.id}", []string{"/x/secret-path?u="}},
		{`steps.a.request.json={"a":["p1"],"b":{"c":"p2"},"d":3}`, []string{"p1", "p2", `{"a":["p1"],"b":{"c":"p2"},"d":3}`}},
		{"feeders.user.fields.key=k-${n}", []string{"k-"}},
	} {
		t.Setenv("FSCTL_SET", c.given)
		got := fromEnvironment([]string{"storm.drain=1s", c.given})
		slices.Sort(got)
		want := slices.Sorted(slices.Values(c.want))
		if !slices.Equal(got, want) {
			t.Errorf("%q: found %q, wanted %q", c.given, got, want)
		}
		if c.given != "" && fromEnvironment([]string{"storm.t0=1s"}) != nil {
			t.Errorf("%q is not what was set, and gave secrets", c.given)
		}
	}
}

func TestWhatIsSetInRequestsIsASecret(t *testing.T) {
	for _, c := range []struct {
		given, shown string
		want         []string
	}{
		{"storm.t0=30s", "storm.t0=30s", nil},
		{"steps.a.share=10%", "steps.a.share=10%", nil},
		{"steps.a.request.headers.X=s3cr3t", "steps.a.request.headers.X=(redacted)", []string{"s3cr3t"}},
		{"steps[0].request.headers.X=s3cr3t", "steps[0].request.headers.X=(redacted)", []string{"s3cr3t"}},
		{"steps.a.request.headers.Authorization=Bearer s3cr3t", "steps.a.request.headers.Authorization=(redacted)", []string{"Bearer s3cr3t", "s3cr3t"}},
		{"steps.a.request.headers.X=12345678", "steps.a.request.headers.X=(redacted)", []string{"12345678"}},
		{"steps.a.request.headers.X-Version=2", "steps.a.request.headers.X-Version=(redacted)", nil},
		{"steps.a.request.headers.Accept=text/html", "steps.a.request.headers.Accept=(redacted)", nil},
		{"steps.a.request.headers={X: s3cr3t, Y: other-one}", "steps.a.request.headers=(redacted)", []string{"other-one", "s3cr3t"}},
		{"steps.a={request: {url: /a, headers: {X: s3cr3t}, json: {k: in-json}}}", "steps.a=(redacted)", []string{"in-json", "s3cr3t"}},
		{"steps={a: {request: {body: in-body}}}", "steps=(redacted)", []string{"in-body"}},
		{"steps.a.request.url=/v2/items", "steps.a.request.url=(redacted)", nil},
		{"feeders.user.fields.key=k-12-${n}", "feeders.user.fields.key=(redacted)", []string{"k-12-"}},
		{"ledger.url=/l?k=1", "ledger.url=(redacted)", nil},
	} {
		got := secretsIn([]string{c.given})
		slices.Sort(got)
		if shown := shownSet([]string{c.given})[0]; !slices.Equal(slices.Compact(got), c.want) || shown != c.shown {
			t.Errorf("%q: found %q and %s, wanted %q and %s", c.given, got, shown, c.want, c.shown)
		}
	}
}
