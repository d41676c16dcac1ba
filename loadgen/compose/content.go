package compose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"strings"

	"fsctl/loadgen/transport"
	"fsctl/scenarios/request"
	"fsctl/scenarios/template"
)

// syntax follows the literal texts of a template and says how a value is written in the place that they have led to.
type syntax struct {
	kind   escape          // of the whole; escapeJSON, escapeXML and escapePart have places of their own
	before string          // literal texts so far, of XML and multipart; between them a value without meaning
	quotes template.Quotes // of JSON
}

// syntaxOf returns that of a body by its media type: a form's values are percent-encoded, those within strings of JSON, in XML and in
// the headers of a multipart body escaped. In any other a value stands as it is, and so does one that is all of the body.
func syntaxOf(contentType string, body template.Template) syntax {
	media := request.MediaType(contentType)
	switch {
	case len(body) == 1:
	case media == "application/x-www-form-urlencoded":
		return syntax{kind: escapeForm}
	case request.IsJSON(contentType):
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
		s.quotes.Pass(literal)
	}
}

// here returns how a value is written in this place, and passes it.
func (s *syntax) here() escape {
	defer s.pass("0")
	switch s.kind {
	case escapeJSON:
		if !s.quotes.Inside {
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
func (c *Compiler) body(r *request.Request) (text, error) {
	contentType := r.ContentType()
	t, err := c.bodyText(r.Body.Text, contentType)
	if err != nil {
		return t, err
	}
	_, parameters, _ := mime.ParseMediaType(contentType) // none where it is malformed
	return t, t.checkValues(parameters["boundary"])
}

// jsonBody compiles a text that is JSON itself.
func (c *Compiler) jsonBody(written request.JSON) (text, error) {
	t, err := c.jsonText(string(written))
	if err != nil {
		return t, err
	}
	return t, t.checkValues("")
}

// bodyText compiles a body whose content type says how its values are written.
func (c *Compiler) bodyText(written, contentType string) (text, error) {
	parts, err := template.Parse(written)
	if err == nil && request.IsJSON(contentType) {
		parts, err = parts.InJSON()
	}
	if err != nil {
		return text{}, err
	}
	return c.textOf(parts, syntaxOf(contentType, parts))
}

// checkValues refuses values that would break the body apart, as far as they are known before the storm. boundary is that of a
// multipart body.
func (t *text) checkValues(boundary string) error {
	for i := range t.pieces {
		if err := t.pieces[i].checkValues(boundary); err != nil {
			return err
		}
	}
	return nil
}

// checkValues refuses values that cannot stand in the place of the piece.
func (p *piece) checkValues(boundary string) error {
	if p.escape != escapeJSONValue && p.form == template.AsText && (p.escape != escapePart || boundary == "") {
		return nil
	}
	return p.eachKnown(func(row int, value []byte) error {
		err := p.checkValue(boundary, value)
		if err != nil && row > 0 {
			err = fmt.Errorf("row %d of its file: %w", row, err)
		}
		return err
	})
}

// eachKnown calls do for each value of the piece's variable, and of its default, that is known before the storm, with the row of its
// file, from 1, or 0. It ends with do's first error.
func (p *piece) eachKnown(do func(row int, value []byte) error) error {
	used := do
	if p.fallback != nil {
		used = func(row int, value []byte) error {
			if len(value) == 0 {
				return nil // the default takes its place
			}
			return do(row, value)
		}
		if p.fallback.isLiteral() {
			if err := do(0, []byte(p.fallback.literal)); err != nil {
				return err
			}
		}
		if err := p.fallback.variable.eachKnown(do); err != nil {
			return err
		}
	}
	return p.variable.eachKnown(used)
}

// eachKnown does the same for the values of a variable, which may be nil.
func (v *Variable) eachKnown(do func(row int, value []byte) error) error {
	if v == nil || v.source == fromAnswer {
		return nil
	}
	if v.source != fromFeeder || v.feeder.table == nil || v.field < 0 {
		value, _ := v.Append(nil, &User{}) // those of all users are alike in this
		return do(0, value)
	}
	for row := range v.feeder.table.Rows() {
		if err := do(row+1, []byte(v.feeder.table.Value(row, v.field))); err != nil {
			return err
		}
	}
	return nil
}

func (p *piece) checkValue(boundary string, value []byte) error {
	switch {
	case p.escape == escapeJSONValue && !json.Valid(value):
		return transport.InputErrorf(fmt.Sprintf(`put the variable in quotes, "%s", to send its values as text`, p.written),
			"found the value %.80q for %s, which stands outside of quotes in JSON, wanted a JSON value such as 17 or true", value, p.written)
	case !p.form.Fits(value):
		return transport.InputErrorf(fmt.Sprintf("leave out :%s to send its values as text", p.form), "found the value %.80q for %s, wanted %s", value, p.written, wantedForms[p.form])
	case p.escape == escapePart && bytes.Contains(append([]byte("\n"), value...), []byte("\n--"+boundary)):
		return transport.InputErrorf("choose another boundary", "found a value of %s that holds the boundary %q of the multipart body", p.written, boundary)
	}
	return nil
}

var wantedForms = map[template.Form]string{template.AsNumber: "a number as JSON writes it, such as 17 or -1.50", template.AsJSON: "a JSON value such as 17, true or [1]"}
