package journey

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"slices"
	"strings"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

// syntax follows the literal texts of a template and says how a value is written in the place that they have led to.
type syntax struct {
	kind     escape // of the whole; escapeJSON, escapeXML and escapePart have places of their own
	before   string // literal texts so far, of XML and multipart; between them a value without meaning
	inString bool   // of JSON
	isEscape bool   // the next character of a JSON string is escaped
}

// syntaxOf returns that of a body by its media type: a form's values are percent-encoded, those within strings of JSON, in XML and in
// the headers of a multipart body escaped. In any other a value stands as it is, and so does one that is all of the body.
func syntaxOf(contentType string, body scenarios.Template) syntax {
	media := scenarios.MediaType(contentType)
	isJSON := []string{"application/json", "text/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
	switch {
	case len(body) == 1:
	case media == "application/x-www-form-urlencoded":
		return syntax{kind: escapeForm}
	case slices.Contains(isJSON, media) || strings.HasSuffix(media, "+json"):
		return syntax{kind: escapeJSON}
	case media == "application/xml" || media == "text/xml" || strings.HasSuffix(media, "+xml"):
		return syntax{kind: escapeXML}
	case strings.HasPrefix(media, "multipart/"):
		return syntax{kind: escapePart}
	}
	return syntax{}
}

// pass goes over a literal text.
func (s *syntax) pass(literal string) {
	switch s.kind {
	case escapeXML, escapePart:
		s.before += literal
	case escapeJSON:
		for _, c := range []byte(literal) {
			switch {
			case s.isEscape:
				s.isEscape = false
			case s.inString && c == '\\':
				s.isEscape = true
			case c == '"':
				s.inString = !s.inString
			}
		}
	}
}

// here returns how a value is written in this place, and passes it.
func (s *syntax) here() escape {
	defer s.pass("0")
	switch s.kind {
	case escapeJSON:
		if !s.inString {
			return escapeJSONValue
		}
	case escapeXML:
		if strings.LastIndex(s.before, "<![CDATA[") > strings.LastIndex(s.before, "]]>") {
			return escapeCDATA
		}
	case escapePart:
		text := "\n" + strings.ReplaceAll(s.before, "\r\n", "\n")
		if strings.LastIndex(text, "\n--") >= strings.LastIndex(text, "\n\n") {
			return escapePartHeader
		}
	}
	return s.kind
}

// body compiles the template of a body.
func (c *compiler) body(r *scenarios.Request) (text, error) {
	body, contentType := r.Body, r.ContentType()
	template, err := scenarios.ParseTemplate(body)
	if err != nil {
		return text{}, err
	}
	s := syntaxOf(contentType, template)
	if r.JSON != "" {
		body, s = string(r.JSON), syntax{kind: escapeJSON}
	}
	t, err := c.textIn(body, s)
	if err != nil {
		return t, err
	}
	parts, err := scenarios.ParseTemplate(body)
	if err != nil {
		return t, err
	}
	_, parameters, _ := mime.ParseMediaType(contentType) // none where it is malformed
	for i := range t.pieces {
		if err := t.pieces[i].checkValues(parts[i].Variable, parameters["boundary"]); err != nil {
			return t, err
		}
	}
	return t, nil
}

// checkValues refuses values of a variable that would break the body apart, as far as they are known before the storm.
func (p *piece) checkValues(name, boundary string) error {
	v := p.variable
	if v == nil || v.source == fromAnswer || p.escape != escapeJSONValue && (p.escape != escapePart || boundary == "") {
		return nil
	}
	if v.source != fromFeeder || v.feeder.table == nil || v.field < 0 {
		value, _ := v.append(nil, &User{}) // those of all users are alike in this
		return p.checkValue(name, boundary, value)
	}
	for row := range v.feeder.table.Rows() {
		if err := p.checkValue(name, boundary, []byte(v.feeder.table.Value(row, v.field))); err != nil {
			return fmt.Errorf("row %d of its file: %w", row+1, err)
		}
	}
	return nil
}

func (p *piece) checkValue(name, boundary string, value []byte) error {
	switch {
	case p.escape == escapeJSONValue && !json.Valid(value):
		return transport.InputErrorf(fmt.Sprintf(`put the variable in quotes, "${%s}", to send its values as text`, name),
			"found the value %.80q for ${%s}, which stands outside of quotes in JSON, wanted a JSON value such as 17 or true", value, name)
	case p.escape == escapePart && bytes.Contains(append([]byte("\n"), value...), []byte("\n--"+boundary)):
		return transport.InputErrorf("choose another boundary", "found a value of ${%s} that holds the boundary %q of the multipart body", name, boundary)
	}
	return nil
}
