//go:build servers

package cmd_test

import (
	"regexp"
	"time"
)

// realServer is a server as Debian or npm has it. In its commands and files @DIR@ is its directory, @PORT@ the port at which the shop
// is, and @BACKEND@ another one.
type realServer struct {
	settles  time.Duration // until what writes the log has begun to
	name     string
	version  string            // a command that prints it
	files    map[string]string // in its directory, and what they are made of in testdata/servers
	values   map[string]string // for the placeholders of these files
	answers  string            // a page that it answers once it is ready; empty: POST /echo
	commands []string          // in a shell, in its directory, in this order; they run until they are told to stop
	logged   *regexp.Regexp    // how a request stands in its log DIR/access: method, path and status
	keeps    keeping           // what it does with connections
	found    string            // what is worth knowing, for docs/servers.md
}

// keeping says how long a server keeps a connection open while requests come.
type keeping string

const (
	keepsAll   keeping = "keeps connections"
	keepsSome  keeping = "closes after some requests"
	keepsNone  keeping = "closes after each"
	plainNginx         = "nginx -p . -c @DIR@/nginx.conf -e @DIR@/error"
	echoNginx          = "default_type application/json; echo_read_request_body; echo_request_body;"
)

// The forms of logs.
var (
	bareLog  = regexp.MustCompile(`(?m)^(\w+) (\S+) (\d+)$`)
	clfLog   = regexp.MustCompile(`(?m)"(\w+) (\S+) HTTP/[\d.]+" (\d+)`)
	caddyLog = regexp.MustCompile(`(?m)"method":"(\w+)".*"uri":"([^"]*)".*"status":(\d+)`)
)

// nginxServer is nginx with something in its sections http and server.
func nginxServer(name, http, server string, keeps keeping, found string) realServer {
	return realServer{name: name, version: "nginx -v 2>&1", files: map[string]string{"nginx.conf": "nginx.conf"},
		values:   map[string]string{"@HTTP@": http, "@SERVER@": server, "@ECHO@": echoNginx},
		commands: []string{plainNginx}, logged: bareLog, keeps: keeps, found: found}
}

// realServers lists the servers by which TestServers shops.
func realServers() []realServer {
	node := "node @DIR@/node.mjs "
	wsgi := map[string]string{"app.py": "app.py"}
	return []realServer{
		nginxServer("nginx", "", "", keepsSome, "closes a connection after 1,000 requests or an hour, and says so: `Connection: close`"),
		nginxServer("nginx, keep-alive off", "keepalive_timeout 0;", "", keepsNone, "each request opens a connection, which is part of its times"),
		nginxServer("nginx, keepalive_requests 7", "keepalive_requests 7;", "", keepsSome, "the seventh answer says `Connection: close`; none is sent again"),
		nginxServer("nginx, gzip", "gzip on; gzip_min_length 1; gzip_types *; gzip_proxied any;", "", keepsSome,
			"packs only for a step that asks for it, `Accept-Encoding: gzip`; checks see the unpacked body"),
		{name: "Apache", version: "apache2 -v", files: map[string]string{"apache.conf": "apache.conf", "echo.sh": "echo.sh"},
			commands: []string{"apache2 -f @DIR@/apache.conf -DFOREGROUND"}, logged: bareLog, keeps: keepsSome,
			found: "closes a connection after 100 requests (`MaxKeepAliveRequests`), and says so; with all workers busy, or when it ends a process, it closes others without a word: a POST that meets it fails"},
		{name: "lighttpd", version: "lighttpd -v", files: map[string]string{"lighttpd.conf": "lighttpd.conf", "echo.sh": "echo.sh"},
			commands: []string{"lighttpd -D -f @DIR@/lighttpd.conf"}, logged: bareLog, keeps: keepsSome,
			found: "writes its log when it stops, or every few seconds"},
		{name: "HAProxy before Node", version: "haproxy -v", files: map[string]string{"haproxy.cfg": "haproxy.cfg", "node.mjs": "node.mjs"},
			commands: []string{node + "@BACKEND@ @DIR@/backend", "haproxy -f @DIR@/haproxy.cfg >>access"}, logged: bareLog, keeps: keepsAll},
		{name: "Varnish before Node", version: "varnishd -V 2>&1", files: map[string]string{"default.vcl": "default.vcl", "node.mjs": "node.mjs"},
			commands: []string{node + "@BACKEND@ @DIR@/backend", "varnishd -F -j none -a 127.0.0.1:@PORT@ -f @DIR@/default.vcl -n @DIR@/v -s malloc,32m >v.out 2>&1",
				"varnishncsa -t 20 -n @DIR@/v -F '%m %U %s' >>access"},
			settles: 2 * time.Second, logged: bareLog, keeps: keepsAll, found: "answers GETs out of its cache: the backend sees one of them"},
		{name: "Caddy", version: "caddy version", files: map[string]string{"Caddyfile": "Caddyfile"},
			commands: []string{"caddy run --config @DIR@/Caddyfile --adapter caddyfile 2>caddy.out"}, logged: caddyLog, keeps: keepsAll},
		{name: "Node", version: "node --version", files: map[string]string{"node.mjs": "node.mjs"},
			commands: []string{node + "@PORT@ @DIR@/access"}, logged: bareLog, keeps: keepsAll,
			found: "closes a connection that was idle for 5 s: a GET that meets it is sent again, a POST fails"},
		{name: "Express", version: "npm ls --prefix $NODE_PATH/.. express | grep -o 'express@.*'", files: map[string]string{"express.cjs": "express.cjs"},
			commands: []string{"node @DIR@/express.cjs @PORT@ @DIR@/access"}, logged: bareLog, keeps: keepsAll, found: "as Node, whose server it is"},
		{name: "gunicorn, sync", version: "gunicorn --version", files: wsgi,
			commands: []string{"gunicorn -b 127.0.0.1:@PORT@ -w 4 --access-logfile access --access-logformat '%(m)s %(U)s %(s)s' --error-logfile error app:app"},
			logged:   bareLog, keeps: keepsNone, found: "a worker has one connection at a time, and waits on one that sends nothing"},
		{name: "gunicorn, threads", version: "gunicorn --version", files: wsgi,
			commands: []string{"gunicorn -b 127.0.0.1:@PORT@ -w 2 --threads 50 --keep-alive 60 --access-logfile access --access-logformat '%(m)s %(U)s %(s)s' --error-logfile error app:app"},
			logged:   bareLog, keeps: keepsAll,
			found: "a connection that sends nothing takes a thread; beside one, a worker that is told to stop neither reads nor closes the others until `--timeout`"},
		{name: "uvicorn", version: "uvicorn --version", files: wsgi,
			commands: []string{"uvicorn --host 127.0.0.1 --port @PORT@ app:asgi >access 2>error"}, logged: clfLog, keeps: keepsAll,
			found: "closes a connection that was idle for 5 s"},
		{name: "waitress", version: "dpkg-query -W python3-waitress", files: wsgi,
			commands: []string{"env LOG=access waitress-serve --listen 127.0.0.1:@PORT@ app:app"}, logged: bareLog, keeps: keepsAll},
		{name: "Puma", version: "puma --version", files: map[string]string{"config.ru": "config.ru"},
			commands: []string{"puma -e production -b tcp://127.0.0.1:@PORT@ config.ru >puma.out 2>access"}, logged: bareLog, keeps: keepsAll},
		{name: "Tomcat", version: "dpkg-query -W tomcat10-common",
			files: map[string]string{"conf/server.xml": "tomcat.xml", "webapps/ROOT/WEB-INF/web.xml": "tomcat-web.xml", "webapps/ROOT/shop.jsp": "shop.jsp"},
			commands: []string{"cp /usr/share/tomcat10/etc/web.xml conf/ && exec java -cp /usr/share/tomcat10/bin/bootstrap.jar:/usr/share/tomcat10/bin/tomcat-juli.jar " +
				"-Dcatalina.home=/usr/share/tomcat10 -Dcatalina.base=@DIR@ org.apache.catalina.startup.Bootstrap start >catalina.out 2>&1"},
			logged: bareLog, keeps: keepsSome, found: "closes a connection after 100 requests (`maxKeepAliveRequests`), and says so"},
		{name: "PHP-FPM behind nginx", version: "$(ls /usr/sbin/php-fpm* | tail -n 1) -v | head -n 1", files: map[string]string{"nginx.conf": "nginx.conf", "shop.php": "shop.php", "fpm.conf": "fpm.conf"},
			values:   map[string]string{"@HTTP@": "", "@SERVER@": "location /page { " + toPHP + " }", "@ECHO@": toPHP},
			commands: []string{"$(basename $(ls /usr/sbin/php-fpm* | tail -n 1)) -F -R -y @DIR@/fpm.conf", plainNginx}, logged: bareLog, keeps: keepsSome},
		{name: "http.server, HTTP/1.0", version: "python3 --version", files: map[string]string{"server.py": "server.py"},
			commands: []string{"python3 server.py @PORT@ HTTP/1.0 ThreadingHTTPServer 2>access"}, logged: clfLog, keeps: keepsNone,
			found: "answers HTTP/1.0 and closes"},
		{name: "http.server, HTTP/1.1", version: "python3 --version", files: map[string]string{"server.py": "server.py"},
			commands: []string{"python3 server.py @PORT@ HTTP/1.1 ThreadingHTTPServer 2>access"}, logged: clfLog, keeps: keepsAll},
		{name: "http.server, one thread", version: "python3 --version", files: map[string]string{"server.py": "server.py"},
			commands: []string{"python3 server.py @PORT@ HTTP/1.0 HTTPServer 2>access"}, logged: clfLog, keeps: keepsNone,
			found: "has one connection at a time, and waits on one that sends nothing"},
	}
}

const toPHP = "include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME @DIR@/shop.php; fastcgi_pass unix:@DIR@/fpm.sock;"
