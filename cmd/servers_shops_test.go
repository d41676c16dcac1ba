//go:build servers

package cmd_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Shops with forms, sessions and uploads, whose scenarios stand in testdata/servers.
var (
	expressShop = realServer{name: "Express with express-session and multer", version: "npm ls --prefix $NODE_PATH/.. express | grep -o 'express@.*'",
		files: map[string]string{"shop.cjs": "express-shop.cjs"}, commands: []string{"node @DIR@/shop.cjs @PORT@ @DIR@/access"}, answers: "/ledger",
		logged: bareLog, keeps: keepsAll,
		found: "sign-in by a form before T0, then with the session cookie cart, upload of a picture of 30 KB and order, at 500 requests a second to one process"}
	djangoAdmin = realServer{name: "Django's admin by gunicorn, sync", version: "/usr/bin/python3 -m django --version",
		files: map[string]string{"shop.py": "django-shop.py", "lamps/models.py": "django-models.py"}, answers: "/admin/login/",
		commands: []string{"/usr/bin/python3 shop.py && exec gunicorn -b 127.0.0.1:@PORT@ -w 1 --access-logfile access --access-logformat '%(m)s %(U)s %(s)s' --error-logfile error shop:app"},
		logged:   bareLog, keeps: keepsNone,
		found: "sign-in with a CSRF token before T0, then list, form and change of an object, at half of what it carries; one worker, since SQLite refuses a second writer"}
)

// TestServersExpressShop has users sign in before T0 and order with the session cookie that they keep. What the shop sold is what the report
// says, and each picture arrived whole.
func TestServersExpressShop(t *testing.T) {
	dir, picture := scenarioDir(t, "express-shop.yaml"), noisePicture(t)
	if err := os.WriteFile(filepath.Join(dir, "lamp.png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
	scenario := filepath.Join(dir, "express-shop.yaml")
	rate := expressShop.half(t, scenario, "buyer", []string{"cart", "picture", "order"}, 500)
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			server, rep := expressShop.shopStorm(t, scenario, engine, rate)
			var ledger struct{ Orders []json.RawMessage }
			pictures := map[string]int{}
			getJSON(t, server.address+"/ledger", &ledger)
			getJSON(t, server.address+"/pictures", &pictures)
			log := server.stop()
			rep.checkUsers(t, "signin", "buyer")
			placed := rep.step("order").Outcomes["placed"]
			if len(ledger.Orders) != placed || placed == 0 {
				t.Errorf("the shop has %d orders, the report %d", len(ledger.Orders), placed)
			}
			digest := sha256.Sum256(picture)
			if wanted := map[string]int{hex.EncodeToString(digest[:]): placed}; !maps.Equal(pictures, wanted) {
				t.Errorf("pictures: found %v, wanted %v", pictures, wanted)
			}
			login := rep.step("login").Requests // each is redirected
			if found := log["POST /login"]; !maps.Equal(found, map[string]int{"302": login}) || !maps.Equal(log["GET /account"], map[string]int{"200": login}) {
				t.Errorf("login: %d requests, but the server's log has %v, and GET /account %v", login, found, log["GET /account"])
			}
			rep.asked = map[string]string{"form": "GET /login", "cart": "POST /cart", "picture": "POST /picture", "order": "POST /orders"}
			rep.Steps = slices.DeleteFunc(rep.Steps, func(s serverStep) bool { return s.Name == "login" })
			rep.checkAgainst(t, log)
		})
	}
}

// TestServersDjangoAdmin has editors sign in with a CSRF token before T0 and change a lamp each by the admin's form, at half of the rate that
// the admin carries. Django's own log of changes is what the report says.
func TestServersDjangoAdmin(t *testing.T) {
	scenario := filepath.Join(scenarioDir(t, "django-shop.yaml"), "django-shop.yaml")
	rate := djangoAdmin.half(t, scenario, "editor", []string{"list", "page", "save"}, math.Inf(1))
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			server, rep := djangoAdmin.shopStorm(t, scenario, engine, rate)
			log := server.stop()
			rep.checkUsers(t, "signin", "editor")
			saved := rep.step("save").Requests
			if found := server.output("/usr/bin/python3 shop.py count"); found != fmt.Sprintln(saved, saved) {
				t.Errorf("Django has changes, and changed lamps: %swanted %d of both", found, saved)
			}
			redirected := 0
			for asked, statuses := range log {
				if strings.HasPrefix(asked, "POST /admin/lamps/lamp/") {
					redirected += statuses["302"]
				}
			}
			if redirected != saved {
				t.Errorf("%d lamps saved, but the server's log has %d", saved, redirected)
			}
		})
	}
}

// half returns half of the rate of users that the shop carries, for --set: so many users that they send at most so many requests a
// second. It measures it by a few users who perform the steps again and again without a pause.
func (s realServer) half(t *testing.T, scenario, journey string, steps []string, mostPerSec float64) string {
	t.Helper()
	const seconds = 5
	server := s.start(t)
	rep := stormFile(t, scenario, server.address, "wire", "--set", "storm.t0=5s",
		"--set", fmt.Sprintf("journeys.%s=[{repeat: {times: 1M, for: %ds, do: [%s]}}]", journey, seconds, strings.Join(steps, ", ")),
		"--set", fmt.Sprintf("storm.phases.0={journey: %s, at: T0, users: 8, before: {journey: signin, from: T0-5s, to: T0-1s}}", journey))
	server.stop()
	sent := 0.0
	for _, name := range steps {
		sent += float64(rep.step(name).Requests)
	}
	carried := sent / seconds
	perSec := min(mostPerSec, carried/2)
	if perSec < 1 {
		t.Fatalf("%s carries %.3g requests a second, wanted 2 or more", s.name, carried)
	}
	t.Logf("%s carries %.0f requests a second here; the storm sends %.0f", s.name, carried, perSec)
	return strconv.FormatFloat(perSec/float64(len(steps)), 'f', 2, 64) + "/s"
}

// shopStorm starts the shop and sends the storm of a scenario at a rate. It is made again as storm does.
func (s realServer) shopStorm(t *testing.T, scenario, engine, rate string) (server *runningServer, rep *serverReport) {
	t.Helper()
	for try := range 3 {
		if try > 0 {
			server.stop()
		}
		server = s.start(t)
		if rep = stormFile(t, scenario, server.address, engine, "--set", "storm.phases.0.rate="+rate); rep.Verdict != "invalid" {
			break
		}
	}
	return server, rep
}

// scenarioDir returns a directory with a scenario of testdata/servers.
func scenarioDir(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join("testdata/servers", name))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// noisePicture returns a picture of some 30 KB, which does not pack.
func noisePicture(t *testing.T) []byte {
	t.Helper()
	random, picture := rand.NewChaCha8([32]byte{}), image.NewRGBA(image.Rect(0, 0, 100, 100))
	_, _ = random.Read(picture.Pix) // never fails
	for i := 3; i < len(picture.Pix); i += 4 {
		picture.Pix[i] = 255
	}
	var text bytes.Buffer
	if err := png.Encode(&text, picture); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func getJSON(t *testing.T, url string, into any) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// output returns what a command prints in the server's directory.
func (r *runningServer) output(command string) string {
	r.t.Helper()
	c := serverShell(r.t, command)
	c.Dir = r.dir
	text, err := c.CombinedOutput()
	if err != nil {
		r.t.Errorf("%s: %v: %s", command, err, text)
	}
	return string(text)
}

// step returns a step by its name.
func (r *serverReport) step(name string) serverStep {
	for _, s := range r.Steps {
		if s.Name == name {
			return s
		}
	}
	return serverStep{}
}

// checkUsers wants all users of both journeys through, in time, and no failed request.
func (r *serverReport) checkUsers(t *testing.T, before, journey string) {
	t.Helper()
	if r.Verdict == "invalid" {
		t.Error("the run is invalid")
	}
	for _, s := range r.Steps {
		if s.Errors > 0 || s.Requests == 0 {
			t.Errorf("%s: %d requests, %d errors: %v, %+v", s.Name, s.Requests, s.Errors, s.Failures, s.Samples)
		}
	}
	for _, j := range r.Journeys {
		if j.Finished != j.Users || j.Users == 0 || j.NotReady > 0 || j.Ready != r.users(before) && j.Name == journey {
			t.Errorf("%s: %+v, wanted all finished, of %d who had signed in", j.Name, j, r.users(before))
		}
	}
	if r.users(journey) != r.users(before) {
		t.Errorf("%d users signed in, and %d began", r.users(before), r.users(journey))
	}
}

func (r *serverReport) users(journey string) int {
	for _, j := range r.Journeys {
		if j.Name == journey {
			return j.Users
		}
	}
	return 0
}
