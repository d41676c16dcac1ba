package request

import (
	"fmt"
	"regexp"
	"strings"

	"fsctl/scenarios/quantity"
	"fsctl/scenarios/template"
)

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// CheckURL fails for what no path and query of a request can be. The error says what to write.
func CheckURL(text string) error {
	switch {
	case text == "":
	case strings.Contains(text, "://") && !strings.HasPrefix(text, "/"):
		return fmt.Errorf("found %q, wanted a path that begins with /: scheme and host are those of --target", text)
	case !strings.HasPrefix(text, "/"):
		return fmt.Errorf("found %q, wanted a path that begins with /: it is appended to the target", text)
	case strings.ContainsAny(text, "\t\r\n"):
		return fmt.Errorf("found %q, wanted a URL without tabs or line ends: write %%09, %%0D and %%0A", text)
	}
	if lone := lonePercent(text); lone != "" {
		return fmt.Errorf("found %q in %q, wanted %% and two hexadecimal digits: for the sign itself write %%25", lone, text)
	}
	return nil
}

// lonePercent returns the first % of a URL that begins no percent-encoded byte, with what follows it; nothing where there is none.
// In values a % is a character like any other.
func lonePercent(text string) string {
	t, err := template.Parse(text)
	if err != nil {
		t = template.Template{{Literal: text}}
	}
	for i, p := range t {
		literal := p.Literal
		if i+1 < len(t) {
			literal += "${"
		}
		for k := range len(p.Literal) {
			if literal[k] == '%' && (len(literal) < k+3 || !isHex(literal[k+1]) || !isHex(literal[k+2])) {
				return literal[k:min(k+3, len(literal))]
			}
		}
	}
	return ""
}

func isHex(b byte) bool { return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f' }

// CheckHeaderName fails for a name that HTTP does not allow for a header field. The error says what to write.
func CheckHeaderName(name string) error {
	if !headerName.MatchString(name) {
		return fmt.Errorf("found the header name %q, wanted letters, digits and -", name)
	}
	return nil
}

// CheckHeaderValue fails for a value that HTTP does not allow for a header field, for a field that is computed, and for one that asks for
// what no engine does. ${name} in the value stands for a variable. The error says what to write.
func CheckHeaderValue(name, value string) error {
	if at := strings.IndexFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }); at >= 0 {
		return fmt.Errorf("found %q after %s, wanted one line without control characters", value[at:at+1], quantity.Of(at, "byte")) // and not the value, a secret perhaps
	}
	value = strings.Trim(value, " \t")
	word := strings.ToLower(value)
	switch strings.ToLower(name) {
	case "content-length":
		return fmt.Errorf("found %s, wanted no such header: it is computed from the body", name)
	case "transfer-encoding":
		return fmt.Errorf("found %s, wanted no such header: a body is sent whole, with its length", name)
	case "trailer":
		return fmt.Errorf("found %s, wanted no such header: no fields follow a body", name)
	case "upgrade":
		return fmt.Errorf("found %s, wanted no such header: only HTTP is spoken", name)
	case "te":
		if word != "trailers" {
			return fmt.Errorf("found %s %q, wanted trailers or no such header: for a packed body use Accept-Encoding", name, value)
		}
	case "connection":
		for token := range strings.SplitSeq(word, ",") {
			if token = strings.Trim(token, " \t"); token != "close" && token != "keep-alive" {
				return fmt.Errorf("found %s %q, wanted close or keep-alive", name, value)
			}
		}
	case "expect":
		if word != "100-continue" {
			return fmt.Errorf("found %s %q, wanted 100-continue", name, value)
		}
	case "host":
		if !hostHeader.MatchString(templateText(value)) {
			return fmt.Errorf("found %s %q, wanted a host such as shop.example or shop.example:8080, in ASCII", name, value)
		}
	}
	return nil
}

// hostHeader matches what may stand in a Host header, a port at its end included.
var hostHeader = regexp.MustCompile(`^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?$`)

// templateText puts a letter for every value of a template.
func templateText(text string) string {
	t, err := template.Parse(text)
	if err != nil {
		return text // reported where it stands
	}
	var b strings.Builder
	for _, p := range t {
		if b.WriteString(p.Literal); p.Value != nil {
			b.WriteByte('x')
		}
	}
	return b.String()
}
