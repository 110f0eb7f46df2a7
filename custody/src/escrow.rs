//! Customers' keys in other hands: rotated, and wrapped for the customer.
//!
//! A customer's key wraps the random keys of its epochs. The provider holds it wrapped under its own key; an escrow is the same
//! key wrapped for whoever holds an X25519 key of the customer's (HPKE, RFC 9180: base mode, DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256, AES-256-GCM). With it and a copy of `keys/<id>/epochs` and of the vault the customer reads its records without the
//! provider.

use crate::Chance;
use crate::home::{Home, HomeError};
use crate::keys::{self, KeyError, Secret};
use base64::{Engine, prelude::BASE64_STANDARD};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{Infallible, TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use model::{CustomerId, Time};
use serde_json::json;
use std::io;
use zeroize::{Zeroize, Zeroizing};

const FORM: &str = "bailiwick-escrow-v1";
const PUBLIC: &str = "bailiwick-escrow-public-v1";
const SECRET: &str = "bailiwick-escrow-secret-v1";
const INFO: &[u8] = b"bailiwick/v1/escrow";

/// Why an escrow was not made, or not opened.
#[derive(Debug, thiserror::Error)]
pub enum EscrowError {
    /// The text is no key or escrow of this form.
    #[error("this is no {what}: {why}")]
    Form {
        /// What it should be.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It does not open under this key, or is of another log.
    #[error("the escrow does not open: it was made for another key, is of another log, or was changed")]
    Closed,
    /// There is a key already that opens.
    #[error("customer `{id}` has its key; nothing was brought back")]
    Present {
        /// Whose.
        id: CustomerId,
    },
    /// The machine has no randomness to give.
    #[error("no randomness")]
    Chance(#[source] io::Error),
    /// A key cannot be read or written.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// Randomness that was asked for before, handed out in order.
struct Given(Zeroizing<Vec<u8>>);

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), Infallible> {
        let rest =
            self.0.len().checked_sub(into.len()).expect("a key takes 32 bytes, and far more are given");
        into.copy_from_slice(&self.0[rest..]);
        self.0[rest..].zeroize();
        self.0.truncate(rest);
        Ok(())
    }
}

impl TryCryptoRng for Given {}

fn given(chance: &mut dyn Chance) -> Result<Given, EscrowError> {
    let mut bytes = Zeroizing::new(vec![0; 1024]);
    chance.fill(&mut bytes).map_err(EscrowError::Chance)?;
    Ok(Given(bytes))
}

/// A line of one word and base64.
fn read_line(text: &str, word: &'static str, what: &'static str) -> Result<Vec<u8>, EscrowError> {
    let rest =
        text.trim().strip_prefix(word).ok_or(EscrowError::Form { what, why: "it begins otherwise" })?;
    BASE64_STANDARD
        .decode(rest.trim())
        .map_err(|_| EscrowError::Form { what, why: "it is not base64 behind its first word" })
}

/// Makes the customer's pair of escrow keys, as two lines: the secret one, which the customer keeps, and the public one.
///
/// # Errors
/// [`EscrowError::Chance`].
pub fn escrow_keys(chance: &mut dyn Chance) -> Result<(Zeroizing<String>, String), EscrowError> {
    let (secret, public) = X25519HkdfSha256::gen_keypair_with_rng(&mut given(chance)?);
    let line = |word: &str, bytes: &[u8]| format!("{word} {}\n", BASE64_STANDARD.encode(bytes));
    Ok((Zeroizing::new(line(SECRET, &secret.to_bytes())), line(PUBLIC, &public.to_bytes())))
}

/// Wraps a customer's key for the holder of an escrow key: the text to hand over.
///
/// # Errors
/// [`EscrowError`].
pub fn escrow(home: &Home, id: &CustomerId, public: &str) -> Result<String, EscrowError> {
    home.customer(id)?;
    let what = "public escrow key";
    let bytes = read_line(public, PUBLIC, what)?;
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&bytes);
    let public =
        public.map_err(|_| EscrowError::Form { what, why: "it has not the length of an X25519 key" })?;
    let access = home.access(id)?;
    let mut rng = given(&mut **access.chance.get())?;
    let sealed = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        INFO,
        access.key.bytes(),
        access.origin.as_bytes(),
        &mut rng,
    );
    let (encapped, sealed) =
        sealed.map_err(|_| EscrowError::Form { what, why: "nothing can be sealed to it" })?;
    let all = [encapped.to_bytes().as_slice(), &sealed].concat();
    Ok(format!("{FORM} {} {}\n", access.origin, BASE64_STANDARD.encode(all)))
}

/// Opens an escrow: the customer's key.
fn open(escrow: &str, secret: &str, origin: &str) -> Result<Secret, EscrowError> {
    let form = |why| EscrowError::Form { what: "escrow", why };
    let rest = escrow.trim().strip_prefix(FORM).ok_or_else(|| form("it begins otherwise"))?;
    let (of, sealed) = rest.trim().split_once(' ').ok_or_else(|| form("it has not two parts"))?;
    let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| form("it is not base64 at its end"))?;
    let what = "secret escrow key";
    let secret = Zeroizing::new(read_line(secret, SECRET, what)?);
    let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&secret)
        .map_err(|_| EscrowError::Form { what, why: "it has not the length of an X25519 key" })?;
    let (encapped, sealed) = sealed.split_at_checked(32).ok_or_else(|| form("it is too short"))?;
    let encapped =
        <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapped).map_err(|_| EscrowError::Closed)?;
    let opened = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &secret,
        &encapped,
        INFO,
        sealed,
        origin.as_bytes(),
    );
    let key = opened.map(Zeroizing::new).map_err(|_| EscrowError::Closed)?;
    let key: [u8; 32] = key.as_slice().try_into().map_err(|_| EscrowError::Closed)?;
    if of == origin { Ok(Secret::new(key)) } else { Err(EscrowError::Closed) }
}

/// Brings a customer's key back into a home that lost it.
///
/// # Errors
/// [`EscrowError::Present`] when there is one that opens; [`EscrowError`] when the escrow does not open.
pub fn restore(home: &Home, id: &CustomerId, escrow: &str, secret: &str) -> Result<(), EscrowError> {
    home.customer(id)?;
    let key = open(escrow, secret, &home.origin(id))?;
    match home.access(id) {
        Ok(_) => return Err(EscrowError::Present { id: id.clone() }),
        Err(HomeError::Key(_)) => {}
        Err(error) => return Err(error.into()),
    }
    home.write_customer_key(id, &[&key])?;
    Ok(home.access(id).map(drop)?)
}

/// Gives a customer a new key: every epoch's key is wrapped anew under it, and the old one is gone. What lies in the vault stays as it
/// is. Escrows that were made before open nothing more; the log says so.
///
/// # Errors
/// [`HomeError`]. A rotation that was cut short is finished by the next one; until then both keys are there.
pub fn rotate(home: &Home, id: &CustomerId, now: Time) -> Result<u64, HomeError> {
    home.customer(id)?;
    let (disk, origin) = (home.disk(), home.origin(id));
    let old = home.customer_keys(id)?;
    let new = {
        let access = home.access(id)?;
        let mut chance = access.chance.get();
        Secret::random(&mut **chance)
            .map_err(|source| KeyError::Io { name: format!("keys/{id}/customer.key"), source })?
    };
    // Both are there while the files of the epochs change hands.
    home.write_customer_key(id, &[[&new].as_slice(), &old.iter().collect::<Vec<_>>()].concat())?;
    let folder = format!("keys/{id}/epochs");
    let names = disk.list(&folder).map_err(|source| KeyError::Io { name: folder, source })?;
    let access = home.access(id)?;
    for name in names {
        let (key, use_of) = keys::read_wrapped_by_any(
            &**disk,
            &name,
            &[&[&new], &old.iter().collect::<Vec<_>>()[..]].concat(),
            &origin,
        )?;
        keys::write_wrapped(&**disk, &name, (&key, &new), (&use_of, &origin), &mut **access.chance.get())?;
    }
    crate::tail::TailKey::rewrap(&**disk, id.as_str(), &origin, (&old, &new), &mut **access.chance.get())?;
    drop(access);
    home.write_customer_key(id, &[&new])?;
    let mut vault = home.vault(id)?;
    let seq = vault.append_control(&json!({"control": "key", "of": "customer", "what": "rotated"}), now)?;
    vault.close(now)?;
    Ok(seq)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Disk, Failing, Memory};
    use crate::keys::tests::Counter;
    use crate::vault::tests::{acme, all, fill, fresh, home, time};
    use std::sync::Arc;

    fn filled() -> Memory {
        let disk = fresh();
        for day in 0..2u64 {
            let home = home(&disk).expect("opens");
            let mut vault = home.vault(&acme()).expect("opens");
            let second = i64::try_from(day).expect("small") * 86_400;
            fill(&mut vault, day * 2_000..day * 2_000 + 2_000, 0, second).expect("seals");
            vault.close(time(second)).expect("closes");
        }
        disk
    }

    fn raws(disk: &Memory) -> Vec<Vec<u8>> {
        let home = Home::look(Arc::new(disk.clone()), Box::<Counter>::default()).expect("a home");
        let raws = all(&home.view(&acme()).expect("opens"));
        raws.into_iter().filter(|r| r.starts_with(b"record")).collect()
    }

    #[test]
    fn an_escrow_brings_a_lost_key_back_and_opens_for_nobody_else() {
        let disk = filled();
        let before = raws(&disk);
        let mut chance = Counter::default();
        let (secret, public) = escrow_keys(&mut chance).expect("chance");
        let (other, _) = escrow_keys(&mut chance).expect("chance");
        let home = home(&disk).expect("opens");
        let text = escrow(&home, &acme(), &public).expect("wraps");
        assert!(matches!(restore(&home, &acme(), &text, &secret), Err(EscrowError::Present { .. })));
        disk.remove("keys/acme/customer.key").expect("lost");
        assert!(home.view(&acme()).is_err());
        assert!(matches!(restore(&home, &acme(), &text, &other), Err(EscrowError::Closed)));
        let moved = text.replace("/acme/", "/borealis/");
        assert!(matches!(restore(&home, &acme(), &moved, &secret), Err(EscrowError::Closed)));
        for bad in ["", "bailiwick-escrow-v1", "bailiwick-escrow-v1 a b", "bailiwick-escrow-v1 x AAAA"] {
            assert!(restore(&home, &acme(), bad, &secret).is_err(), "{bad:?}");
        }
        assert!(matches!(
            escrow(&home, &acme(), &secret),
            Err(EscrowError::Form { .. } | EscrowError::Home(_))
        ));
        restore(&home, &acme(), &text, &secret).expect("opens");
        assert_eq!(raws(&disk), before);
    }

    #[test]
    fn a_rotated_key_opens_everything_and_the_old_one_nothing() {
        let disk = filled();
        let before = raws(&disk);
        let old = disk.read("keys/acme/customer.key").expect("reads");
        rotate(&home(&disk).expect("opens"), &acme(), time(90_000)).expect("rotates");
        assert_eq!(raws(&disk), before);
        let kept = disk.restarted();
        kept.put("keys/acme/customer.key", &old).expect("puts");
        let home = Home::look(Arc::new(kept), Box::<Counter>::default()).expect("a home");
        assert!(home.view(&acme()).is_err(), "the old key opens nothing");
    }

    #[test]
    fn a_rotation_that_is_cut_short_loses_nothing() {
        let base = filled();
        let before = raws(&base);
        for how in [Failing::NotDone, Failing::Done] {
            for call in 0.. {
                let disk = base.restarted();
                let home_ = home(&disk).expect("opens");
                disk.fail_from(call, how);
                let done = rotate(&home_, &acme(), time(90_000)).is_ok();
                drop(home_);
                let after = disk.restarted();
                assert_eq!(raws(&after), before, "{how:?} at {call}");
                rotate(&home(&after).expect("opens"), &acme(), time(90_001)).expect("the next one finishes");
                assert_eq!(raws(&after), before);
                if done {
                    assert!(call > 6);
                    break;
                }
            }
        }
    }
}
