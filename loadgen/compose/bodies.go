package compose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/folder"
	"fsctl/scenarios/random"
	"fsctl/scenarios/request"
)

// bodyPart is a text of a body, and the file that follows it: nil for none.
type bodyPart struct {
	text text
	file []byte // as it was read once; all requests share it
}

// body is a compiled body: a text, in which files may stand.
type body struct {
	parts       []bodyPart
	contentType string // that it has by its form; empty where the scenario says it
}

// textBody is a body of text alone.
func textBody(t text, contentType string) body {
	return body{[]bodyPart{{text: t}}, contentType}
}

// text returns all text of a body, without the files in it.
func (b *body) text() (all text) {
	for _, p := range b.parts {
		all.pieces = append(all.pieces, p.text.pieces...)
	}
	return all
}

// render writes the body of a request for a user, into memory that r has already where it has any.
func (b *body) render(r *transport.Request, u *User, m *Scratch) {
	r.Rest = r.Rest[:0]
	if len(b.parts) == 1 && b.parts[0].file == nil {
		r.Body, _ = b.parts[0].text.append(r.Body[:0], u, m)
		return
	}
	memory := r.Body[:0]
	ends := 0
	for i := range b.parts {
		p := &b.parts[i]
		memory, _ = p.text.append(memory, u, m)
		r.Rest = append(r.Rest, memory[ends:], p.file) // where memory has moved on by the end, the length is what counts
		ends = len(memory)
	}
	from := 0
	for i := 0; i < len(r.Rest); i += 2 {
		to := from + len(r.Rest[i])
		r.Rest[i] = memory[from:to]
		from = to
	}
	r.Body = r.Rest[0]
	r.Rest = append(r.Rest[:0], r.Rest[1:]...)
}

// bodyOf compiles the body of a step's request.
func (c *Compiler) bodyOf(s *scenarios.Step) (body, error) {
	r := &s.Request
	switch {
	case len(r.Form) > 0:
		return c.form(r.Form)
	case len(r.Multipart) > 0:
		return c.multipart(s)
	case r.GraphQL != nil:
		return c.graphql(r.GraphQL)
	case r.Body.File != "":
		file, err := c.file(r.Body.File)
		return body{[]bodyPart{{file: file}}, folder.TypeOf(r.Body.File)}, err
	case r.JSON != "":
		t, err := c.jsonBody(r.JSON)
		return textBody(t, "application/json"), err
	}
	t, err := c.body(r)
	return textBody(t, ""), err
}

// literal is text that stays as it is.
func literal(s string) piece { return piece{literal: s} }

// escaped compiles a text in which literals are written like values: as in a form's field.
func (c *Compiler) escaped(template string, mode escape) (text, error) {
	t, err := c.textIn(template, syntax{kind: mode})
	for i := range t.pieces {
		if p := &t.pieces[i]; p.written == "" { // a value is written already
			p.literal = string(mode.from([]byte(p.literal), 0))
		}
	}
	return t, err
}

// form compiles the fields of a form, in their order. Source: WHATWG URL, 5.2, application/x-www-form-urlencoded serializing.
func (c *Compiler) form(f request.Form) (body, error) {
	var all text
	for _, field := range f {
		for _, value := range field.Values {
			name := string(escapeForm.from([]byte(field.Name), 0)) + "="
			if len(all.pieces) > 0 {
				name = "&" + name
			}
			t, err := c.escaped(value, escapeForm)
			if err != nil {
				return body{}, err
			}
			all.pieces = append(append(all.pieces, literal(name)), t.pieces...)
		}
	}
	return textBody(all, "application/x-www-form-urlencoded"), nil
}

// graphql compiles a query as it is sent by POST. Source: GraphQL over HTTP, 5.4.1, "JSON encoding".
func (c *Compiler) graphql(q *request.GraphQL) (body, error) {
	all := text{[]piece{literal(`{"query":` + quoted(q.Query))}}
	if q.Variables != "" {
		t, err := c.jsonBody(q.Variables)
		if err != nil {
			return body{}, err
		}
		all.pieces = append(append(all.pieces, literal(`,"variables":`)), t.pieces...)
	}
	end := "}"
	if q.Operation != "" {
		end = `,"operationName":` + quoted(q.Operation) + "}"
	}
	all.pieces = append(all.pieces, literal(end))
	return textBody(all, "application/json"), nil
}

// quoted returns a text as a JSON string.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always has a JSON form
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// multipart compiles a multipart form. The boundary is drawn by seed and step, and stands in no file, no text and no value that is known
// before the storm. Source: RFC 7578; names as WHATWG HTML, 4.10.21.8 quotes them.
func (c *Compiler) multipart(s *scenarios.Step) (body, error) {
	var parts []bodyPart // each with its header, but for the boundary before it
	var heads []text
	for _, p := range s.Request.Multipart {
		head := text{[]piece{literal(`Content-Disposition: form-data; name="` + string(escapePartHeader.from([]byte(p.Name), 0)) + `"`)}}
		part, err := c.part(&p, &head)
		if err != nil {
			return body{}, fmt.Errorf("part %s: %w", p.Name, err)
		}
		heads, parts = append(heads, head), append(parts, part)
	}
	boundary := c.boundary(s.Name, parts)
	var b body
	b.contentType = "multipart/form-data; boundary=" + boundary
	var open text // since the last file
	for i, p := range parts {
		if i > 0 {
			open.pieces = append(open.pieces, literal("\r\n"))
		}
		open.pieces = append(open.pieces, literal("--"+boundary+"\r\n"))
		open.pieces = append(open.pieces, heads[i].pieces...)
		open.pieces = append(open.pieces, literal("\r\n\r\n"))
		open.pieces = append(open.pieces, p.text.pieces...)
		if p.file != nil {
			b.parts = append(b.parts, bodyPart{open, p.file})
			open = text{}
		}
	}
	open.pieces = append(open.pieces, literal("\r\n--"+boundary+"--\r\n"))
	b.parts = append(b.parts, bodyPart{text: open})
	return b, nil
}

// part compiles what a part holds, and completes its header.
func (c *Compiler) part(p *request.FormPart, head *text) (bodyPart, error) {
	if p.File == "" {
		t, err := c.textIn(p.Text, syntax{})
		return bodyPart{text: t}, err
	}
	name := p.FileName
	if name == "" {
		name = filepath.Base(p.File)
	}
	t, err := c.escaped(name, escapePartHeader)
	if err != nil {
		return bodyPart{}, err
	}
	media := p.Type
	if media == "" {
		media = folder.TypeOf(p.File)
	}
	head.pieces = append(append(head.pieces, literal(`; filename="`)), t.pieces...)
	head.pieces = append(head.pieces, literal("\"\r\nContent-Type: "+media))
	file, err := c.file(p.File)
	return bodyPart{file: file}, err
}

// boundary draws a boundary of 128 bits that is in no part, as far as parts are known.
func (c *Compiler) boundary(step string, parts []bodyPart) string {
	stream := random.NewStream(c.seed, "multipart/"+step)
	for k := uint64(0); ; k += 2 {
		boundary := fmt.Sprintf("fsctl-%016x%016x", stream.Uint64(k), stream.Uint64(k+1))
		if !holds(parts, []byte(boundary)) {
			return boundary
		}
	}
}

// holds reports whether a part holds a text: in its file, in a literal, or in a value that is known before the storm.
func holds(parts []bodyPart, sought []byte) bool {
	for _, p := range parts {
		if bytes.Contains(p.file, sought) {
			return true
		}
		for i := range p.text.pieces {
			piece := &p.text.pieces[i]
			if bytes.Contains([]byte(piece.literal), sought) {
				return true
			}
			found := false
			_ = piece.eachKnown(func(_ int, value []byte) error { // which never fails
				found = found || bytes.Contains(value, sought)
				return nil
			})
			if found {
				return true
			}
		}
	}
	return false
}

// mostFileBytes is how much all files of a scenario's requests may have together: they are held in memory.
const mostFileBytes = 256 << 20

// file returns what is in a file beside the scenario, which is read once.
func (c *Compiler) file(name string) ([]byte, error) {
	if data, ok := c.files[name]; ok {
		return data, nil
	}
	data, err := c.scenario.ReadFile(name)
	if err != nil {
		return nil, transport.InputErrorf("put the file into the scenario's folder", "%v", err)
	}
	if c.fileBytes += len(data); c.fileBytes > mostFileBytes {
		return nil, transport.InputErrorf("send smaller files, or fewer of them: they are held in memory", "found more than %d MiB in the files of all requests, wanted at most that", mostFileBytes>>20)
	}
	if c.files == nil {
		c.files = map[string][]byte{}
	}
	c.files[name] = data
	return data, nil
}
