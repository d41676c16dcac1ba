//go:build long

package cmd_test

// quietReloads are of gunicorn. On a machine that is busy with other tests its workers are not up before the next reload, and
// requests hang in it: go test -tags long ./cmd -run TestReloadInMidStorm
var quietReloads = []reload{
	{"gunicorn", "gunicorn", "auto", "GET"},
	{"gunicorn by net/http", "gunicorn", "vegeta", "GET"},
	{"gunicorn by vegeta's attacker", "gunicorn", "targets", "GET"},
	{"gunicorn, POST", "gunicorn", "auto", "POST"},
	{"gunicorn, POST by net/http", "gunicorn", "vegeta", "POST"},
}
