// Package targetlist reads and checks the requests of a vegeta target list, by the rules that hold for a scenario's.
package targetlist

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/request"
)

// Read reads and checks a list in vegeta's http or JSON format. It fails where the file cannot be read, and with a
// *transport.InputError for what is wrong with it: the form, a URL, a header field (see Check).
func Read(file string) ([]vegeta.Target, error) {
	content, err := inputfile.Read(file, inputfile.MostList)
	if err != nil {
		return nil, transport.InputErrorf("name a file with --targets", "read targets: %v", err)
	}
	targets, err := decode(plaintext.Trim(content))
	if err != nil {
		return nil, fmt.Errorf("read targets %s: %w", file, err)
	}
	if err := Check(targets); err != nil {
		return nil, fmt.Errorf("read targets %s: %w", file, err)
	}
	return targets, nil
}

// decode reads the targets of a list. It fails with a *transport.InputError.
func decode(content []byte) (list []vegeta.Target, err error) {
	targeter := vegeta.NewHTTPTargeter(bytes.NewReader(content), nil, nil)
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		targeter = vegeta.NewJSONTargeter(bytes.NewReader(content), nil, nil)
	}
	for {
		var t vegeta.Target
		err := targeter(&t)
		if errors.Is(err, vegeta.ErrNoTargets) && len(list) > 0 {
			return list, nil
		}
		if err == nil {
			list = append(list, t)
			continue
		}
		if other := plaintext.Check(content); other != nil {
			return nil, transport.InputErrorf("", "%v", other)
		}
		if wrong, ok := strings.CutPrefix(err.Error(), "bad URL: "); ok {
			wrong, _, _ = strings.Cut(wrong, `, parse "`) // net/url's own words
			if _, plain := transport.ParseURL(wrong); plain != nil {
				return nil, fmt.Errorf("target %d: %w", len(list)+1, plain)
			}
		}
		return nil, transport.InputErrorf("write one target a paragraph: METHOD URL, headers, @body-file; or one JSON object a line",
			"target %d: %s", len(list)+1, new(redact.Redactor).Names(err.Error()))
	}
}

// Check refuses CONNECT and header fields that net/http would send beside its own or leave out without a word, and gives those that it
// or vegeta sends itself the names by which they know them: vegeta keeps a name as it is written, and user-agent beside User-Agent would be
// two. It percent-encodes queries, which net/http does not. It fails with a *transport.InputError, which says which target.
func Check(targets []vegeta.Target) error {
	for i := range targets {
		if targets[i].Method == http.MethodConnect {
			return transport.InputErrorf("use another method", "target %d: found CONNECT, wanted another: it asks for a tunnel and gets no answer to judge", i+1)
		}
		targets[i].URL = encoded(targets[i].URL)
		header := targets[i].Header
		first := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(header)) {
			key := http.CanonicalHeaderKey(name)
			for _, value := range header[name] {
				err := request.CheckHeaderName(name)
				if err == nil {
					err = request.CheckHeaderValue(name, value)
				}
				if err != nil {
					return transport.InputErrorf("change it in the list, or leave it out", "target %d: header %s: %v", i+1, name, err)
				}
			}
			if !isSingle(key) && !isSentAnyway(key) {
				continue
			}
			if other, ok := first[key]; isSingle(key) && (ok || len(header[name]) > 1) {
				return transport.InputErrorf("leave one of them out; a name is the same in any case", "target %d: header %s: found it %s, wanted it once", i+1, name, besides(other))
			}
			first[key] = name
			if key != name {
				header[key] = append(header[key], header[name]...)
				delete(header, name)
			}
		}
	}
	return nil
}

func besides(other string) string {
	if other == "" {
		return "twice"
	}
	return "beside " + other
}

// isSingle reports whether a request may have a field once; net/http looks at these.
func isSingle(name string) bool {
	switch name {
	case "Host", "User-Agent", "Connection", "Authorization", "Content-Type", "Expect":
		return true
	}
	return false
}

// isSentAnyway reports whether a field that a request may have more than once is one that net/http or vegeta looks at, or sends too.
func isSentAnyway(name string) bool {
	switch name {
	case "Accept-Encoding", "Cookie", "Range", "Referer", "X-Vegeta-Attack", "X-Vegeta-Seq":
		return true
	}
	return false
}

// encoded returns a URL whose path and query are percent-encoded as a scenario's. One with blanks stays: it is refused, for what comes after a
// blank may be meant for something else.
func encoded(text string) string {
	_, rest, ok := strings.Cut(text, "://")
	path := strings.IndexAny(rest, "/?#")
	if !ok || path < 0 || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' }) {
		return text
	}
	path += len(text) - len(rest)
	plain, _, _ := transport.EncodeURL(text[path:], false)
	return text[:path] + plain
}

// Public returns a result as it may be kept: without the user and the password of its URL, the values in URL and error that are secrets by
// their names, and without header fields and body of the answer, which hold cookies and tokens. BytesIn still says how long the body was.
func Public(r *vegeta.Result) *vegeta.Result {
	if r.Headers == nil && r.Body == nil && r.Error == "" && !strings.ContainsAny(r.URL, "@=") {
		return r
	}
	redactor := redact.New(redact.NamedValues(r.URL)...)
	public := *r
	public.URL, public.Error, public.Headers, public.Body = redactor.Names(r.URL), redactor.Error(r.Error, mostOfError), nil, nil
	if u, err := url.Parse(r.URL); err == nil && u.User != nil {
		redactor.Add(redact.URLSecrets(u)...)
		public.URL, public.Error = redactor.Names(transport.WithoutUser(u).String()), redactor.Error(r.Error, mostOfError)
	}
	return &public
}

// mostOfError is how much of an error is kept, in bytes.
const mostOfError = 1 << 10
