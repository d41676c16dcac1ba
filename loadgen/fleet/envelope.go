package fleet

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
)

// A plan holds secrets: the target's password, values of the environment, rows of feeders. It goes to each agent encrypted for a key that
// the agent makes when it starts, so that other readers of the bus cannot read it: HPKE (RFC 9180) with X25519, HKDF-SHA256 and
// AES-256-GCM. Only keys of the fleet say who an agent is: on a bus without them anybody may ask for the plan.

// envelopeKey opens the plans that were sealed for it.
type envelopeKey struct{ private *ecdh.PrivateKey }

func newEnvelopeKey() envelopeKey {
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic(fmt.Sprintf("fleet: make a key: %v", err)) // Go's random numbers never fail
	}
	return envelopeKey{private}
}

// public is what a plan is sealed for.
func (k envelopeKey) public() []byte { return k.private.PublicKey().Bytes() }

// sealPlan encrypts a plan and values of the environment for an agent's key. It fails where that is none.
func sealPlan(public, plan []byte, environment map[string]string) ([]byte, error) {
	key, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("seal the plan: the agent's key: %w", err)
	}
	to, err := hpke.NewDHKEMPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("seal the plan: %w", err)
	}
	text := append(append(encode(environment), '\n'), plan...) // JSON has no line end
	sealed, err := hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(envelopeInfo), text)
	if err != nil {
		return nil, fmt.Errorf("seal the plan: %w", err)
	}
	return sealed, nil
}

const envelopeInfo = "fsctl plan"

// open decrypts what sealPlan returned for the key. It fails where it is for another, or has changed.
func (k envelopeKey) open(sealed []byte) (plan []byte, environment map[string]string, err error) {
	private, err := hpke.NewDHKEMPrivateKey(k.private)
	if err != nil {
		return nil, nil, fmt.Errorf("open the plan: %w", err)
	}
	text, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(envelopeInfo), sealed)
	if err != nil {
		return nil, nil, fmt.Errorf("open the plan: it is not for this agent: %w", err)
	}
	head, plan, ok := bytes.Cut(text, []byte("\n"))
	if !ok {
		return nil, nil, errors.New("open the plan: found no plan in it")
	}
	if err := json.Unmarshal(head, &environment); err != nil {
		return nil, nil, fmt.Errorf("open the plan: %w", err)
	}
	return plan, environment, nil
}
