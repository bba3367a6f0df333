# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# certs — the cluster's certificate authorities, its certificates and the
# kubeconfigs made of them. All keys are P-256, which openssl makes in milliseconds.

pki_new_key() { # file
	openssl ecparam -name prime256v1 -genkey -noout -out "$1"
}

pki_authority() { # name
	local base=$state/pki/$1
	[[ ! -e $base.crt ]] || return 0
	pki_new_key "$base.key"
	openssl req -x509 -new -key "$base.key" -sha256 -days 3650 -subj "/CN=krypton-$name-$1" \
		-addext 'basicConstraints=critical,CA:TRUE' \
		-addext 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature' -out "$base.crt.new"
	mv "$base.crt.new" "$base.crt"
}

pki_certificate() { # authority name subject [alternative-names]
	local authority=$state/pki/$1 base=$state/pki/$2
	[[ ! -e $base.crt ]] || return 0
	pki_new_key "$base.key"
	openssl req -new -key "$base.key" -subj "$3" |
		openssl x509 -req -sha256 -days 3650 -CA "$authority.crt" -CAkey "$authority.key" \
			-set_serial "0x$(openssl rand -hex 16)" -out "$base.crt.new" -extfile <(
				echo 'basicConstraints=critical,CA:FALSE'
				echo 'keyUsage=critical,digitalSignature'
				echo 'extendedKeyUsage=serverAuth,clientAuth'
				[[ -z ${4-} ]] || echo "subjectAltName=$4"
			) 2>/dev/null
	mv "$base.crt.new" "$base.crt"
}

pki_kubeconfig() { # file certificate
	local ca crt key
	ca=$(base64 -w0 "$state/pki/ca.crt")
	crt=$(base64 -w0 "$state/pki/$2.crt")
	key=$(base64 -w0 "$state/pki/$2.key")
	cat >"$1.new" <<TEXT
apiVersion: v1
kind: Config
current-context: $name
clusters:
- name: $name
  cluster:
    server: $api_url
    certificate-authority-data: $ca
contexts:
- name: $name
  context:
    cluster: $name
    user: $name-$2
users:
- name: $name-$2
  user:
    client-certificate-data: $crt
    client-key-data: $key
TEXT
	mv "$1.new" "$1"
}

# A client of the API server: its certificate and its kubeconfig.
pki_client() { # name subject
	pki_certificate ca "$1" "$2"
	[[ -e $state/conf/$1.kubeconfig ]] || pki_kubeconfig "$state/conf/$1.kubeconfig" "$1"
}

pki_make_control_plane() {
	pki_authority ca
	pki_authority front-proxy-ca # vouches for the API server towards metrics-server
	pki_certificate front-proxy-ca front-proxy-client /CN=front-proxy-client
	pki_certificate ca kube-apiserver /CN=kube-apiserver \
		"IP:$api_address,IP:$service_first,IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
	pki_certificate ca kube-apiserver-to-kubelet /O=system:masters/CN=kube-apiserver-to-kubelet
	[[ -e $state/pki/service-accounts.key ]] || pki_new_key "$state/pki/service-accounts.key"
	pki_client admin /O=system:masters/CN=admin
}
