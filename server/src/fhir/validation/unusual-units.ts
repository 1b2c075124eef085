import { PREFIXES } from '../keys/ucum-units.ts'

/** Units of UCUM that searches do not convert, because hardly anybody writes them. @see UCUM 2.1, tables of units */
const UNUSUAL: ReadonlySet<string> = new Set(
  (
    'AU pc [c] [h] [k] [eps_0] [mu_0] [e] [m_e] [m_p] [G] [ly] Ky Bi Mx Oe Gb sb Lmb ph [fth_i] [kn_i] [syd_i] ' +
    '[cyd_i] [bf_i] [cr_i] [mil_i] [cml_i] [hd_i] [ft_us] [yd_us] [in_us] [rd_us] [ch_us] [lk_us] [rch_us] [rlk_us] ' +
    '[fth_us] [fur_us] [mi_us] [acr_us] [srd_us] [smi_us] [sct] [twp] [mil_us] [in_br] [ft_br] [rd_br] [ch_br] ' +
    '[lk_br] [fth_br] [pc_br] [yd_br] [mi_br] [nmi_br] [kn_br] [acr_br] [bbl_us] [min_us] [crd_us] [bu_us] [gal_wi] ' +
    '[pk_us] [dqt_us] [dpt_us] [pk_br] [bu_br] [gil_br] [fdr_br] [min_br] [scwt_av] [lcwt_av] [ston_av] [lton_av] ' +
    '[pwt_tr] [lne] [pnt] [pca] [pnt_pr] [pca_pr] [pied] [pouce] [ligne] [didot] [cicero] [degRe] cal_[15] cal_[20] ' +
    "cal_m [Btu_39] [Btu_59] [Btu_60] [Btu_m] [Btu_IT] [Btu_th] [HP] tex [den] [p'diop] %[slope] [hnsf'U] [hp'_X] " +
    "[hp'_C] [hp'_M] [hp'_Q] [hp_X] [hp_C] [hp_M] [hp_Q] [kp_X] [kp_C] [kp_M] [kp_Q] [S] [HPF] [LPF] Np B B[SPL] B[V] " +
    'B[mV] B[uV] B[10.nV] B[W] B[kW] att circ sph [car_Au] [smoot] [m/s2/Hz^(1/2)] bit_s'
  ).split(' '),
)
const SYMBOL = /(?:\[[^\]]*\]|[A-Za-z%'_])+/g

/** Whether one of the units in a code of UCUM is such, with or without a prefix. */
export function hasUnusualUnit(code: string): boolean {
  return (code.match(SYMBOL) ?? []).some(
    (symbol) =>
      UNUSUAL.has(symbol) ||
      [1, 2].some(
        (length) => Object.hasOwn(PREFIXES, symbol.slice(0, length)) && UNUSUAL.has(symbol.slice(length)),
      ),
  )
}
