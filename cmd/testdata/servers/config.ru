# The shop of Puma.
require 'json'
run lambda { |env|
  method, path = env['REQUEST_METHOD'], env['PATH_INFO']
  status, type, body =
    case path
    when '/page' then [200, 'text/plain', 'page ' * 200]
    when '/echo' then [200, 'application/json', JSON.generate(JSON.parse(env['rack.input'].read))]
    else [404, 'text/plain', '']
    end
  $stderr.puts "#{method} #{path} #{status}"
  [status, { 'Content-Type' => type }, [body]]
}
