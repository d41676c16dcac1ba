package scenarios

import (
	"fmt"
	"regexp"
	"strings"

	"fsctl/scenarios/request"

	"github.com/theory/jsonpath"
)

// Extract says where in an answer a variable is.
type Extract struct {
	From    string // json, header, regex or cookie
	Name    string // of the header or cookie
	Path    *jsonpath.Path
	Pattern *regexp.Regexp
}

// ParseExtract reads json:$.order_id, header:Location, regex:id=(\d+) or cookie:session. It fails for another
// kind, an empty name, and a JSON path (RFC 9535), regular expression or header name that is not well-formed.
func ParseExtract(text string) (Extract, error) {
	from, what, _ := strings.Cut(text, ":")
	e := Extract{From: from, Name: strings.TrimSpace(what)}
	var err error
	switch {
	case e.Name == "":
		err = fmt.Errorf("found %q, wanted json:$.path, header:NAME, regex:EXPR or cookie:NAME", text)
	case from == "json":
		e.Path, err = jsonpath.Parse(e.Name)
		if err != nil {
			err = fmt.Errorf("found %q, wanted a JSON path such as $.order_id: %w", what, err)
		}
	case from == "regex":
		e.Pattern, err = regexp.Compile(what)
		if err != nil {
			err = fmt.Errorf("found %q, wanted a regular expression: %w", what, err)
		}
	case from != "header" && from != "cookie":
		err = fmt.Errorf("found %q, wanted json:PATH, header:NAME, regex:EXPR or cookie:NAME", from+":")
	case request.CheckHeaderName(e.Name) != nil:
		err = fmt.Errorf("found %q, wanted the name of a %s", e.Name, from)
	}
	return e, err
}

// ParseCount reads what a counter adds: the number at json:PATH, header:NAME or regex:EXPR. It returns false for any other text, which
// is a condition then.
func ParseCount(text string) (from Extract, ok bool) {
	from, err := ParseExtract(text)
	return from, err == nil && from.From != "cookie"
}
