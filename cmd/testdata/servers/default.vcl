vcl 4.1;
backend node { .host = "127.0.0.1"; .port = "@BACKEND@"; }
