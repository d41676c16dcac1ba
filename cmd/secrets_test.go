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
