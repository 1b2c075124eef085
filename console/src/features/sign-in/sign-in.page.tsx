import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useMutation } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Navigate } from 'react-router'

import { Problem } from '../../api/problem.ts'
import { signIn, useSession } from '../../api/session.ts'
import type { Credentials } from '../../api/session.ts'
import { Field } from '../../ui/field.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { site } from '../../ui/site.ts'

export function SignInPage() {
  const { t } = useTranslation()
  const { session, ended } = useSession()
  if (session) return <Navigate to="/" replace />
  return (
    <Box component="main" sx={{ minHeight: '100vh', display: 'grid', placeItems: 'center', p: 4 }}>
      <title>{`${t('signIn.title')} · Mogran`}</title>
      <Box sx={card}>
        <Box sx={{ display: 'flex', alignItems: 'center', gap: 2 }}>
          <img src="/icon.svg" alt="" width="24" height="24" />
          <Typography variant="h3" component="span" translate="no">
            {site.site}
          </Typography>
          {site.mode === 'evaluation' ? (
            <Typography variant="caption">{t('shell.evaluation')}</Typography>
          ) : undefined}
        </Box>
        <Typography variant="h1">{t('signIn.title')}</Typography>
        {ended ? <Typography>{t('signIn.ended')}</Typography> : undefined}
        <SignInForm />
      </Box>
    </Box>
  )
}

function SignInForm() {
  const { t } = useTranslation()
  const { register, handleSubmit, formState, setFocus } = useForm<Credentials>()
  useEffect(() => setFocus('login'), [setFocus])
  const attempt = useMutation({ mutationFn: signIn, networkMode: 'always' })
  const { login, password } = formState.errors
  const refused = attempt.error instanceof Problem && attempt.error.status === 401
  return (
    <Box
      component="form"
      noValidate
      sx={{ display: 'grid', gap: 4 }}
      onSubmit={(event) => void handleSubmit((credentials) => attempt.mutate(credentials))(event)}
    >
      {refused ? (
        <Typography role="alert" sx={{ color: 'flag.highText' }}>
          {t('signIn.refused')}
        </Typography>
      ) : undefined}
      {attempt.isError && !refused ? <ProblemCard error={attempt.error} /> : undefined}
      <Field
        label={t('signIn.login')}
        autoComplete="username"
        problem={login && t('signIn.loginMissing')}
        inputProps={{ dir: 'ltr' }}
        {...register('login', { required: true })}
      />
      <Field
        label={t('signIn.password')}
        type="password"
        autoComplete="current-password"
        problem={password && t('signIn.passwordMissing')}
        inputProps={{ dir: 'ltr' }}
        {...register('password', { required: true })}
      />
      <Button type="submit" variant="contained" disabled={attempt.isPending} sx={{ height: 40 }}>
        {t('signIn.submit')}
      </Button>
    </Box>
  )
}

const card = {
  width: '100%',
  maxWidth: 376,
  display: 'grid',
  gap: 4,
  p: 8,
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
} as const
