package bus

import (
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"

	"github.com/nats-io/nats.go"
)

// InputError is something that the user gave and that cannot be used: an address, a URL, a file of keys.
type InputError struct {
	Err  error
	Hint string // what can be done; may be empty
}

// Error says what cannot be used, without the hint.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with it.
func (e *InputError) Unwrap() error { return e.Err }

func inputError(hint, format string, args ...any) error {
	return &InputError{Err: fmt.Errorf(format, args...), Hint: hint}
}

// ConnectError says why there is no connection to the bus.
type ConnectError struct {
	URL  string // of the servers, without user and password
	Name string // who wanted to connect
	Err  error
	Hint string // what can be done; may be empty
}

// Error says who could not connect to what, and why.
func (e *ConnectError) Error() string {
	return fmt.Sprintf("connect to %s as %s: %v", e.URL, e.Name, e.Err)
}

// Unwrap returns the error of the last attempt.
func (e *ConnectError) Unwrap() error { return e.Err }

// DeniedError is something that the server's permissions keep this connection from doing. A client
// that waits for an answer sees a time-out only.
type DeniedError struct {
	Slot    int // who was denied, from 1; 0 for the coordinator
	Action  string
	Subject string
}

// Error says who may not publish or subscribe to what.
func (e *DeniedError) Error() string {
	return fmt.Sprintf("%s: permission denied to %s %q", identity(e.Slot), e.Action, e.Subject)
}

// Is makes it the same error as that of NATS.
func (e *DeniedError) Is(target error) bool { return target == nats.ErrPermissionViolation }

var deniedText = regexp.MustCompile(`for (Publish|Subscription)(?: with Reply of| to) "([^"]*)"`)

// denied returns the error in its typed form if it is about permissions, else the error itself.
func denied(slot int, err error) error {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return err
	}
	found := deniedText.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	action := "publish to"
	if found[1] == "Subscription" {
		action = "subscribe to"
	}
	return &DeniedError{Slot: slot, Action: action, Subject: found[2]}
}

// hint says what can be done about a connection that failed, above all where no keys were given.
func (c Config) hint(err error) string {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	if c.Creds == nil && c.UserCredentials == "" && (unknown || isRefused(err)) {
		return "the server wants keys: --creds FILE for an agent, --keys DIR for the coordinator, or --nats-creds FILE for users of NATS"
	}
	return connectHint(err)
}

// connectHint says what can be done about a connection that failed.
func connectHint(err error) string {
	if isRefused(err) {
		return "the server does not know this key or user: give each agent a file from the set of keys that the server was started with"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "the server's certificate is not from the set of keys in use here: give each agent a file from the server's set, or name the CA of an external server"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "name the server as its certificate does, or make keys with this host: fsctl agent-keys"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return renewHint
	}
	if errors.Is(err, nats.ErrNkeysNotSupported) {
		return "the server knows no keys: start it with the set that this file is from, or connect without keys"
	}
	if errors.Is(err, nats.ErrSecureConnWanted) {
		return "only a server on this machine may be used in the clear: turn on TLS on the server"
	}
	if isAbsent(err) {
		return "start the NATS server, or mend the address; without a server of your own: fsctl attack --listen or --agents"
	}
	return ""
}

// isRefused reports whether the server answered and did not accept the client.
func isRefused(err error) bool {
	for _, refusal := range []error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}
