# usage: freeze.sh gen|srv seconds conns  at
./srv -addr 127.0.0.1:9102 & p=$!
sleep 0.3
rm -rf rf$$; a=""; [ "$3" != 0 ] && a="--connections $3"
/tmp/w/fsctl-h attack freeze.yaml --target http://127.0.0.1:9102 --run rf$$ $a -o json > of$$.json 2>of$$.err & g=$!
sleep ${4:-3.5}
v=$g; [ $1 = srv ] && v=$p
kill -STOP $v; sleep $2; kill -CONT $v
wait $g; c=$?
kill $p; wait $p 2>/dev/null
python3 - "$1 $2 $3 $c" of$$.json <<'P'
import json,sys
o=json.load(open(sys.argv[2])); h=o['health']; s=o['steps'][0]
print(sys.argv[1],'|',o['verdict'],o['exit_code'],o['reason'][:150],'| conns',h['connections'],'late',h['late_share_ratio'],'p50',s['response_time_seconds']['p50'],'max',s['response_time_seconds']['max'])
for f in h['findings']: print('   H',f)
for f in o['findings']: print('   F',f)
P
rm -rf rf$$ of$$.*
