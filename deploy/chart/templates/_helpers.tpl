{{/* The storm's name. --set run=2 gives a number, and a file of values one that would be written as 2.0261128e+07. */}}
{{- define "fsctl.run" -}}
{{- if kindIs "string" .Values.run }}{{ .Values.run }}{{ else }}{{ int64 .Values.run }}{{ end }}
{{- end }}

{{- define "fsctl.labels" -}}
{{ include "fsctl.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "fsctl.selector" -}}
app.kubernetes.io/name: fsctl
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "fsctl.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The host that agents dial, which the bus's certificate must name. */}}
{{- define "fsctl.busHost" -}}
{{- if eq .Values.bus.kind "chart" -}}
{{ ternary .Release.Name (printf "%s-nats" .Release.Name) (contains "nats" .Release.Name) }}
{{- else -}}
{{ .Release.Name }}-bus
{{- end -}}
{{- end }}

{{- define "fsctl.busURL" -}}
{{- if eq .Values.bus.kind "external" -}}
{{ required "bus.url: found none, wanted that of the external NATS" .Values.bus.url }}
{{- else -}}
tls://{{ include "fsctl.busHost" . }}:{{ .Values.bus.port }}
{{- end -}}
{{- end }}

{{/* Who the pods of the bus are, as peers of a network policy. */}}
{{- define "fsctl.busPeers" -}}
{{- if eq .Values.bus.kind "external" -}}
{{ toYaml (required "bus.peers: found none, wanted the external NATS as peers of a network policy" (default "" .Values.bus.peers)) }}
{{- else if eq .Values.bus.kind "chart" -}}
- podSelector: {matchLabels: {app.kubernetes.io/name: nats, app.kubernetes.io/instance: {{ .Release.Name }}}}
{{- else -}}
- podSelector: {matchLabels: {app.kubernetes.io/name: fsctl, app.kubernetes.io/instance: {{ .Release.Name }}, app.kubernetes.io/component: coordinator}}
{{- end -}}
{{- end }}

{{/* What is the same in the pods of the coordinator and of the agents. */}}
{{- define "fsctl.pod" -}}
automountServiceAccountToken: false
# Else a Service called fsctl would set FSCTL_ variables, which are settings of fsctl.
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
  sysctls:
    - {name: net.ipv4.ip_local_port_range, value: "1024 65535"}
{{- end }}

{{- define "fsctl.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "fsctl.container" -}}
image: {{ include "fsctl.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "fsctl.natsArgs" -}}
- --nats-creds=/nats/nats.creds
{{- if .Values.bus.nats.authority }}
- --nats-ca=/nats/ca.pem
{{- end }}
{{- end }}

{{- define "fsctl.allowArgs" -}}
{{- range .Values.target.allow }}
- {{ printf "--allow-target=%s" . | quote }}
{{- end }}
{{- end }}
