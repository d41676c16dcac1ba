package scenarios

import (
	"maps"
	"strings"
	"testing"
	"time"
)

func parsePlain(text string) (*Scenario, error) {
	return Parse("s.yaml", []byte("apiVersion: fsctl/v1\nkind: Scenario\nname: s\njourneys: {j: [a]}\n"+text))
}

func TestDefaultsOfSteps(t *testing.T) {
	s, err := parsePlain(`
defaults: {headers: {Accept: application/json, X-Key: k, User-Agent: own, Content-Type: text/own}, timeout: 5s}
steps:
  a: {request: {url: /}}
  b: {request: {url: /, headers: {accept: text/html, x-key: "", USER-AGENT: ""}, timeout: 1s, body: x}}
  c: {request: {url: /, form: {a: b}}}
  d: {request: {url: /, json: {a: b}}}
  e: {request: {url: /, headers: {content-type: application/json}, body: "{}"}}
`)
	if err != nil {
		t.Fatal(err)
	}
	const accept, key, agent = "application/json", "k", "own"
	for i, want := range []map[string]string{
		{"Accept": accept, "X-Key": key, "User-Agent": agent},
		{"accept": "text/html", "USER-AGENT": "", "Content-Type": "text/own"},
		{"Accept": accept, "X-Key": key, "User-Agent": agent},
		{"Accept": accept, "X-Key": key, "User-Agent": agent, "Content-Type": "text/own"},
		{"Accept": accept, "X-Key": key, "User-Agent": agent, "content-type": "application/json"},
	} {
		if found := s.Steps[i].Request.Headers; !maps.Equal(found, want) {
			t.Errorf("step %s: found %v, wanted %v", s.Steps[i].Name, found, want)
		}
	}
	if a, b := s.Steps[0].Request.Timeout, s.Steps[1].Request.Timeout; a != 5*time.Second || b != time.Second {
		t.Errorf("found timeouts %v and %v", a, b)
	}
}

func TestTargetsAndDefaultsThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		"targets: {api: https://api.example}\nsteps: {a: {request: {host: api, url: /}}}":  "",
		"targets: {api: 'http://[::1]:81/v2'}\nsteps: {a: {request: {host: api, url: /}}}": "",
		"targets: {api: https://api.example}\nsteps: {a: {request: {host: apx, url: /}}}":  `steps.a.request.host: no target "apx", wanted main or api (did you mean`,
		"steps: {a: {request: {host: main, url: /}}}":                                      "",
		"targets: {main: https://a.example}\nsteps: {a: {request: {url: /}}}":              "that one is what --target gives",
		"targets: {A: https://a.example}\nsteps: {a: {request: {url: /}}}":                 "targets.A",
		"targets: {b: a.example}\nsteps: {a: {request: {url: /}}}":                         `found "a.example", wanted https://HOST`,
		"targets: {b: 'https://max:geheim@a.example'}\nsteps: {a: {request: {url: /}}}":    "found a user or a password",
		"targets: {b: 'https://max:ge%heim@a.example'}\nsteps: {a: {request: {url: /}}}":   "found a user or a password",
		"targets: {b: 'https://a.example/?x=1'}\nsteps: {a: {request: {url: /}}}":          "with at most a path",
		"targets: {b: 'https://a.example:70000'}\nsteps: {a: {request: {url: /}}}":         "wanted a port from 1 to 65535",
		"targets: {b: 'https://a.example/${env.X}'}\nsteps: {a: {request: {url: /}}}":      "without a variable",
		"defaults: {headers: {Content-Length: '1'}}\nsteps: {a: {request: {url: /}}}":      "defaults.headers.Content-Length: found Content-Length, wanted no such header",
		"defaults: {headers: {A: x, a: y}}\nsteps: {a: {request: {url: /}}}":               "defaults.headers.a: found it beside A",
		"defaults: {headers: {A: '${none}'}}\nsteps: {a: {request: {url: /}}}":             `defaults.headers.A: no variable "none"`,
		"defaults: {timeout: 0s}\nsteps: {a: {request: {url: /}}}":                         "defaults.timeout: found 0",
		"steps: {a: {request: {url: /}, patience: 0s}}":                                    "steps.a.patience: found 0, wanted above 0",
		"steps: {a: {request: {url: /, multipart: {f: {file: targets.go, type: png}}}}}":   `steps.a.request.multipart.f.type: found "png", wanted a media type such as image/png`,
		"defaults: {cookies: maybe}\nsteps: {a: {request: {url: /}}}":                      "defaults.cookies",
		"defaults: {connections: per-user}\nsteps: {a: {request: {url: /}}}":               "",
		"defaults: {connections: own}\nsteps: {a: {request: {url: /}}}":                    "defaults.connections",
	} {
		_, err := parsePlain(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: found %v, wanted %q", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "ge%heim")) {
			t.Errorf("%s: the error shows the password: %v", text, err)
		}
		if err != nil && strings.HasPrefix(text, "defaults: {headers") && strings.Contains(err.Error(), "steps.a.request.headers") {
			t.Errorf("%s: found a problem of the step too: %v", text, err)
		}
	}
}

func TestWarningsOfRequests(t *testing.T) {
	s, err := parsePlain("targets: {api: https://api.example}\nsteps: {a: {request: {method: GET, url: /, form: {a: b}}, patience: 30s}, c: {request: {url: /, timeout: 5s}, patience: 4s}}")
	if err != nil {
		t.Fatal(err)
	}
	found := strings.Join(s.Warnings(), "\n")
	for _, want := range []string{"steps.a.request.form is sent with GET", "targets.api is sent nothing", "steps.a.patience: nobody gives up after 30 s, since the request ends by its timeout of 30 s before"} {
		if !strings.Contains(found, want) {
			t.Errorf("found %q, wanted %q", found, want)
		}
	}
	if strings.Contains(found, "steps.c") {
		t.Errorf("found %q, wanted nothing of a patience below the timeout", found)
	}
}
