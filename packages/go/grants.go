package smartpaymock

import "time"

// Tokens is a token response.
type Tokens struct {
	AccessToken           string `json:"access_token"`
	TokenType             string `json:"token_type"`
	RefreshToken          string `json:"refresh_token"`
	ExpiresIn             int64  `json:"expires_in"`
	Scope                 string `json:"scope"`
	RefreshTokenExpiresIn int64  `json:"refresh_token_expires_in"`
	ClientStatus          string `json:"client_status"`
}

// Grant is a merchant's consent to the access of a client.
type Grant struct {
	ID         string    `json:"id"`
	ClientID   string    `json:"client_id"`
	MerchantID string    `json:"merchant_id"`
	Scopes     []string  `json:"scopes"`
	GrantedAt  time.Time `json:"granted_at"`
	Revoked    bool      `json:"revoked"`
}

// AccountStatus is the status of a client or of the account of a merchant.
type AccountStatus string

// The statuses of an account.
const (
	Active   AccountStatus = "active"
	Inactive AccountStatus = "inactive"
)

// GrantOption is an option of codes and tokens that are issued without a flow. It is also a
// [CodeOption].
type GrantOption interface {
	CodeOption
	applyToGrant(request map[string]any)
}

// CodeOption is an option of a code that is issued without a browser.
type CodeOption interface{ applyToCode(request map[string]any) }

type grantOption struct {
	member string
	value  any
}

func (o grantOption) applyToCode(request map[string]any)  { request[o.member] = o.value }
func (o grantOption) applyToGrant(request map[string]any) { request[o.member] = o.value }

type codeOption grantOption

func (o codeOption) applyToCode(request map[string]any) { request[o.member] = o.value }

// ForClient sets the client, by its ID.
func ForClient(id string) GrantOption { return grantOption{"client_id", id} }

// ForMerchant sets the merchant who consents, by ID.
func ForMerchant(id string) GrantOption { return grantOption{"merchant_id", id} }

// Scopes sets the scopes to grant. The default is all scopes of the client.
func Scopes(scopes ...string) GrantOption { return grantOption{"scopes", scopes} }

// RedirectURL sets the redirect URL that a code is issued for.
func RedirectURL(url string) CodeOption { return codeOption{"redirect_url", url} }

// Code sets the code itself. The default is a random code.
func Code(code string) CodeOption { return codeOption{"code", code} }
