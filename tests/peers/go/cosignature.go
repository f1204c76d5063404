package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

const algCosignature = 4

// cosigner is tlog-cosignature's Ed25519 form, as a verifier for the note package.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func cosigned(t uint64, text []byte) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatUint(t, 10)+"\n"), text...)
}

func (c *cosigner) Verify(text, sig []byte) bool {
	return len(sig) == 8+ed25519.SignatureSize &&
		ed25519.Verify(c.key, cosigned(binary.BigEndian.Uint64(sig), text), sig[8:])
}

func keyHash(name string, material []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), material...))
	return binary.BigEndian.Uint32(sum[:])
}

// newCosigner reads a verifier key of type 4, which the note package does not know.
func newCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a verifier key")
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(material) != 1+ed25519.PublicKeySize || material[0] != algCosignature {
		return nil, errors.New("not an Ed25519 cosigner's key")
	}
	hash := keyHash(parts[0], material)
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("the id is not that of the key")
	}
	return &cosigner{parts[0], hash, material[1:]}, nil
}

// verifierOf takes keys of either type.
func verifierOf(vkey string) (note.Verifier, error) {
	if v, err := note.NewVerifier(vkey); err == nil {
		return v, nil
	}
	return newCosigner(vkey)
}

// cosign makes what our side is to accept: a note's text, cosigned, and the key to it.
func cosign(name, text string, private ed25519.PrivateKey) (signed, vkey string) {
	material := append([]byte{algCosignature}, private.Public().(ed25519.PublicKey)...)
	hash := keyHash(name, material)
	t := uint64(time.Now().Unix())
	var row bytes.Buffer
	binary.Write(&row, binary.BigEndian, hash)
	binary.Write(&row, binary.BigEndian, t)
	row.Write(ed25519.Sign(private, cosigned(t, []byte(text))))
	signed = text + "\n\u2014 " + name + " " + base64.StdEncoding.EncodeToString(row.Bytes()) + "\n"
	return signed, fmt.Sprintf("%s+%08x+%s", name, hash, base64.StdEncoding.EncodeToString(material))
}
