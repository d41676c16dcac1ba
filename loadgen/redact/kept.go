package redact

// Kept takes secrets and control characters out of the beginning of a text, and returns at most so many bytes of it, counted
// before control characters are written out. whole says that the text goes no further.
func (r *Redactor) Kept(text string, bytes int, whole bool) string {
	if whole {
		text = r.Text(text)
	} else {
		text = r.Start(text)
	}
	return Escape(cut(r.Names(text), bytes))
}

// Error takes secrets and control characters out of the text of an error.
func (r *Redactor) Error(text string, bytes int) string {
	return Escape(cut(r.Names(r.Quote(text)), bytes))
}

// Field returns a header field as NAME: VALUE, without secrets and control characters.
func (r *Redactor) Field(name, value string) string {
	return Escape(r.Start(name)) + ": " + Escape(r.Header(name, value))
}
