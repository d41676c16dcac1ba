package fleet

import (
	"bytes"
	"maps"
	"testing"
)

func TestPlansAreForOneAgent(t *testing.T) {
	key, other := newEnvelopeKey(), newEnvelopeKey()
	plan, environment := []byte(`{"target":"http://bob:s3cret@shop"}`), map[string]string{"KEY": "line\nend"}
	sealed, err := sealPlan(key.public(), plan, environment)
	if err != nil || bytes.Contains(sealed, []byte("s3cret")) {
		t.Fatalf("found %q, %v", sealed, err)
	}
	if got, env, err := key.open(sealed); err != nil || !bytes.Equal(got, plan) || !maps.Equal(env, environment) {
		t.Errorf("found %q, %v, %v", got, env, err)
	}
	if _, _, err := other.open(sealed); err == nil {
		t.Error("another agent's key opens it")
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, _, err := key.open(changed); err == nil {
			t.Fatalf("it opens with byte %d changed", i)
		}
	}
	if _, _, err := key.open(nil); err == nil {
		t.Error("nothing opens")
	}
	for _, public := range [][]byte{nil, []byte("short"), make([]byte, 32)} {
		if _, err := sealPlan(public, plan, nil); err == nil {
			t.Errorf("sealed for the key %x", public)
		}
	}
}
