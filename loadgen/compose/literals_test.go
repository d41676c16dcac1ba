package compose

import (
	"slices"
	"testing"

	"fsctl/scenarios"
)

func TestLiteralSecrets(t *testing.T) {
	sc, err := scenarios.Parse("x.yaml", []byte(`{apiVersion: fsctl/v1, kind: Scenario, name: x, workload: {requests: 1M}, feeders: {user: {from: sequence, size: 10, fields: {name: "u${n}"}}},
steps: {a: {share: 100%, request: {method: POST, url: "/double11-2026/items?sig=s1gned&page=2", headers: {Authorization: "Bearer l1teral", X-Csrf: "${env.CSRF}", X-Shop: my-shop-1, X-Api-Key: "${env.KEY}", Accept: application/json, Proxy-Authorization: "Bearer ${user.name}", X-Token: "Token ${user.name}", Cookie: "sid=c00kie; u=${user.name}"},
  json: {password: hunter2, name: "${user.name}", id: "4f9a77c12b3dx9z8"}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := literalSecrets(sc), []string{"4f9a77c12b3dx9z8", "c00kie", "hunter2", "l1teral", "my-shop-1", "s1gned"}; !slices.Equal(got, want) {
		t.Errorf("found %q, wanted %q", got, want)
	}
	if got, want := LiteralCredentials(sc), []string{"steps.a.request.headers.Authorization", "steps.a.request.headers.Cookie"}; !slices.Equal(got, want) {
		t.Errorf("found %q, wanted %q", got, want)
	}
}
