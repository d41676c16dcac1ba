package scenarios

import (
	"maps"
	"slices"
	"strings"

	"fsctl/scenarios/request"
)

// request checks what a step sends, but for the variables in it.
func (v *validator) request(path string, r *request.Request) {
	r.Check(v.Fields, path)
	v.headers(path+".headers", r.Headers)
	v.host(path+".host", r.Host)
	for field, file := range r.Files() {
		if !v.files {
			continue
		}
		if err := v.s.checkFile(file); err != nil {
			v.Problem(path+"."+field, "%v", err)
		}
	}
}

// headers checks the header fields of a request, or those of the defaults.
func (v *validator) headers(path string, fields map[string]string) {
	first := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := fields[name]
		where := path + "." + name
		if path != defaultHeaders && v.isDefault(where, name, value) {
			continue
		}
		for _, err := range []error{request.CheckHeaderName(name), request.CheckHeaderValue(name, value)} {
			if err != nil {
				v.Problem(where, "%v", err)
			}
		}
		key := strings.ToLower(name)
		if other, ok := first[key]; ok {
			v.Problem(where, "found it beside %s, wanted one of them: a header's name is the same in any case", other)
		}
		first[key] = name
	}
}
