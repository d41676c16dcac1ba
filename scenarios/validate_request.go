package scenarios

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"fsctl/scenarios/quantity"
)

// request checks what a step sends, but for its body.
func (v *validator) request(path string, r *Request) {
	if problem := urlProblem(r.URL); problem != "" {
		v.Problem(path+".url", "%s", problem)
	}
	first := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		value := r.Headers[name]
		where := path + ".headers." + name
		for _, err := range []error{checkHeaderName(name), checkHeaderValue(name, value)} {
			if err != nil {
				v.Problem(where, "%v", err)
			}
		}
		key := strings.ToLower(name)
		if other, ok := first[key]; ok {
			v.Problem(where, "found it beside %s, wanted one of them: a header's name is the same in any case", other)
		}
		first[key] = name
		v.template(where, value)
	}
	switch {
	case !methodName.MatchString(r.Method):
		v.Problem(path+".method", "found %q, wanted GET, POST or another in capitals", r.Method)
	case r.Method == "CONNECT":
		v.Problem(path+".method", "found CONNECT, wanted another: it asks for a tunnel and gets no answer to judge")
	}
}

var methodName = regexp.MustCompile(`^[A-Z]+$`)

// urlProblem returns what is wrong with path and query of a request, empty for nothing.
func urlProblem(text string) string {
	switch {
	case text == "":
	case strings.Contains(text, "://") && !strings.HasPrefix(text, "/"):
		return fmt.Sprintf("found %q, wanted a path that begins with /: scheme and host are those of --target", text)
	case !strings.HasPrefix(text, "/"):
		return fmt.Sprintf("found %q, wanted a path that begins with /: it is appended to the target", text)
	case strings.ContainsAny(text, "\t\r\n"):
		return fmt.Sprintf("found %q, wanted a URL without tabs or line ends: write %%09, %%0D and %%0A", text)
	}
	if i := lonePercent(text); i >= 0 {
		return fmt.Sprintf("found %q in %q, wanted %% and two hexadecimal digits: for the sign itself write %%25", text[i:min(i+3, len(text))], text)
	}
	return ""
}

// lonePercent returns where in a URL a % begins no percent-encoded byte, -1 for nowhere.
func lonePercent(text string) int {
	for i := range len(text) {
		if text[i] == '%' && (len(text) < i+3 || !isHex(text[i+1]) || !isHex(text[i+2])) {
			return i
		}
	}
	return -1
}

func isHex(b byte) bool { return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f' }

// CheckHeader returns what is wrong with a header field of a request: a name or value that HTTP does not allow, and a field that is
// computed, or that asks for what no engine does. ${name} in a value stands for a variable. The error says what to write.
func CheckHeader(name, value string) error {
	return cmp.Or(checkHeaderName(name), checkHeaderValue(name, value))
}

func checkHeaderName(name string) error {
	if !headerName.MatchString(name) {
		return fmt.Errorf("found the header name %q, wanted letters, digits and -", name)
	}
	return nil
}

func checkHeaderValue(name, value string) error {
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

// templateText puts a letter for every variable of a template.
func templateText(template string) string { return templateVariable.ReplaceAllString(template, "x") }

var templateVariable = regexp.MustCompile(`\$\{[^}]*\}`)
