package redact

// shownError is an error in the words that may be shown of it.
type shownError struct {
	error
	text string
}

// Error says what may be shown.
func (e *shownError) Error() string { return e.text }

// Unwrap returns the error in its own words.
func (e *shownError) Unwrap() error { return e.error }

// Error returns an error whose text is without the secrets given, nil where err is nil. It wraps err.
func Error(err error, secrets ...string) error {
	if err == nil || len(secrets) == 0 {
		return err
	}
	return &shownError{err, New(secrets...).Quote(err.Error())}
}
