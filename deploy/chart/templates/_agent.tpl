{{/* The pod of an agent, whatever makes it. Its index, from 0 on, chooses its keys; a Deployment's pods have none. */}}
{{- define "fsctl.agent" -}}
{{- $indexed := and (ne .Values.agents.kind "Deployment") (not .Values.bus.nats.secret) -}}
{{- $index := ternary "metadata.labels['apps.kubernetes.io/pod-index']" "metadata.annotations['batch.kubernetes.io/job-completion-index']" (eq .Values.agents.kind "StatefulSet") -}}
metadata:
  labels:
    {{- include "fsctl.labels" . | nindent 4 }}
    app.kubernetes.io/component: agent
  annotations:
    cluster-autoscaler.kubernetes.io/safe-to-evict: "false"
spec:
  restartPolicy: {{ ternary "OnFailure" "Always" (eq .Values.agents.kind "Job") }}
  {{- include "fsctl.pod" . | nindent 2 }}
  {{- with include "fsctl.placement" .Values.agents | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "fsctl.apart" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: agent
      {{- include "fsctl.container" . | nindent 6 }}
      args:
        - agent
        - {{ printf "--nats=%s" (include "fsctl.busURL" .) | quote }}
        {{- if .Values.bus.nats.secret }}
        {{- include "fsctl.natsArgs" . | nindent 8 }}
        {{- else }}
        - --creds=/keys{{ if $indexed }}/agent.creds{{ end }}
        {{- end }}
        {{- include "fsctl.allowArgs" . | trim | nindent 8 }}
        - --spool=/spool
        - --storms={{ ternary .Values.agents.storms 0 (eq .Values.agents.kind "Job") }}
        {{- range .Values.agents.extraArgs }}
        - {{ . | quote }}
        {{- end }}
      {{- if $indexed }}
      env:
        - name: INDEX
          valueFrom: {fieldRef: {fieldPath: {{ $index | quote }}}}
      {{- end }}
      resources:
        {{- toYaml .Values.agents.resources | nindent 8 }}
      volumeMounts:
        - {name: spool, mountPath: /spool}
        {{- if .Values.bus.nats.secret }}
        - {name: nats, mountPath: /nats, readOnly: true}
        {{- else if $indexed }}
        # The one file of this pod's slot: an agent sees no other agent's keys.
        - {name: keys, mountPath: /keys/agent.creds, subPathExpr: $(INDEX), readOnly: true}
        {{- else }}
        # The files of all slots: a pod takes whichever is free.
        - {name: keys, mountPath: /keys, readOnly: true}
        {{- end }}
  volumes:
    - name: spool
      emptyDir: {sizeLimit: {{ .Values.agents.spool }}}
    {{- if .Values.bus.nats.secret }}
    - name: nats
      secret: {secretName: {{ .Values.bus.nats.secret }}, defaultMode: 0440}
    {{- else }}
    - name: keys
      secret:
        secretName: {{ .Values.keys.agents }}
        defaultMode: 0440
        {{- if $indexed }}
        items: # pods count from 0, slots from 1
          {{- range $i := until (int .Values.agents.count) }}
          - {key: agent-{{ add1 $i }}.creds, path: "{{ $i }}"}
          {{- end }}
        {{- end }}
    {{- end }}
{{- end }}

{{- define "fsctl.apart" -}}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (dict "app.kubernetes.io/name" "fsctl")) -}}
{{- if eq .Values.agents.apart "required" -}}
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      {{- toYaml (list $term) | nindent 6 }}
{{- else if eq .Values.agents.apart "preferred" -}}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      {{- toYaml (list (dict "weight" 100 "podAffinityTerm" $term)) | nindent 6 }}
{{- end }}
{{- end }}
