"""The order of arguments in scikit-learn 0.17, where today's is another.

All others stand in the order that they have today.
"""

__all__ = ["ORDERS", "WITHOUT_GROUPS"]

#: Class or function → its arguments.
ORDERS = {name: order.split() for name, order in {
    "ARDRegression":
        "n_iter tol alpha_1 alpha_2 lambda_1 lambda_2 compute_score "
        "threshold_lambda fit_intercept normalize copy_X verbose",
    "AdaBoostClassifier":
        "base_estimator n_estimators learning_rate algorithm random_state",
    "AdaBoostRegressor":
        "base_estimator n_estimators learning_rate loss random_state",
    "AgglomerativeClustering":
        "n_clusters affinity memory connectivity n_components "
        "compute_full_tree linkage pooling_func",
    "BaggingClassifier":
        "base_estimator n_estimators max_samples max_features bootstrap "
        "bootstrap_features oob_score warm_start n_jobs random_state verbose",
    "BaggingRegressor":
        "base_estimator n_estimators max_samples max_features bootstrap "
        "bootstrap_features oob_score warm_start n_jobs random_state verbose",
    "BaseEnsemble": "base_estimator n_estimators estimator_params",
    "BayesianRidge":
        "n_iter tol alpha_1 alpha_2 lambda_1 lambda_2 compute_score "
        "fit_intercept normalize copy_X verbose",
    "BernoulliNB": "alpha binarize fit_prior class_prior",
    "Birch": "threshold branching_factor n_clusters compute_labels copy",
    "CalibratedClassifierCV": "base_estimator method cv",
    "DBSCAN": "eps min_samples metric algorithm leaf_size p random_state",
    "DecisionTreeClassifier":
        "criterion splitter max_depth min_samples_split min_samples_leaf "
        "min_weight_fraction_leaf max_features random_state max_leaf_nodes "
        "class_weight presort",
    "DecisionTreeRegressor":
        "criterion splitter max_depth min_samples_split min_samples_leaf "
        "min_weight_fraction_leaf max_features random_state max_leaf_nodes "
        "presort",
    "DictionaryLearning":
        "n_components alpha max_iter tol fit_algorithm transform_algorithm "
        "transform_n_nonzero_coefs transform_alpha n_jobs code_init "
        "dict_init verbose split_sign random_state",
    "ElasticNet":
        "alpha l1_ratio fit_intercept normalize precompute max_iter copy_X "
        "tol warm_start positive random_state selection",
    "ElasticNetCV":
        "l1_ratio eps n_alphas alphas fit_intercept normalize precompute "
        "max_iter tol cv copy_X verbose n_jobs positive random_state "
        "selection",
    "ExtraTreeClassifier":
        "criterion splitter max_depth min_samples_split min_samples_leaf "
        "min_weight_fraction_leaf max_features random_state max_leaf_nodes "
        "class_weight",
    "ExtraTreeRegressor":
        "criterion splitter max_depth min_samples_split min_samples_leaf "
        "min_weight_fraction_leaf max_features random_state max_leaf_nodes",
    "ExtraTreesClassifier":
        "n_estimators criterion max_depth min_samples_split min_samples_leaf "
        "min_weight_fraction_leaf max_features max_leaf_nodes bootstrap "
        "oob_score n_jobs random_state verbose warm_start class_weight",
    "ExtraTreesRegressor":
        "n_estimators criterion max_depth min_samples_split min_samples_leaf "
        "min_weight_fraction_leaf max_features max_leaf_nodes bootstrap "
        "oob_score n_jobs random_state verbose warm_start",
    "FactorAnalysis":
        "n_components tol copy max_iter noise_variance_init svd_method "
        "iterated_power random_state",
    "FastICA":
        "n_components algorithm whiten fun fun_args max_iter tol w_init "
        "random_state",
    "FeatureHasher": "n_features input_type dtype non_negative",
    "FunctionTransformer": "func validate accept_sparse pass_y",
    "GaussianRandomProjection": "n_components eps random_state",
    "GradientBoostingClassifier":
        "loss learning_rate n_estimators subsample min_samples_split "
        "min_samples_leaf min_weight_fraction_leaf max_depth init "
        "random_state max_features verbose max_leaf_nodes warm_start presort",
    "GradientBoostingRegressor":
        "loss learning_rate n_estimators subsample min_samples_split "
        "min_samples_leaf min_weight_fraction_leaf max_depth init "
        "random_state max_features alpha verbose max_leaf_nodes warm_start "
        "presort",
    "GridSearchCV":
        "estimator param_grid scoring fit_params n_jobs iid refit cv verbose "
        "pre_dispatch error_score",
    "HashingVectorizer":
        "input encoding decode_error strip_accents lowercase preprocessor "
        "tokenizer stop_words token_pattern ngram_range analyzer n_features "
        "binary norm non_negative dtype",
    "Isomap":
        "n_neighbors n_components eigen_solver tol max_iter path_method "
        "neighbors_algorithm",
    "KMeans":
        "n_clusters init n_init max_iter tol precompute_distances verbose "
        "random_state copy_x n_jobs",
    "KernelPCA":
        "n_components kernel gamma degree coef0 kernel_params alpha "
        "fit_inverse_transform eigen_solver tol max_iter remove_zero_eig",
    "Lars":
        "fit_intercept verbose normalize precompute n_nonzero_coefs eps "
        "copy_X fit_path positive",
    "LarsCV":
        "fit_intercept verbose max_iter normalize precompute cv max_n_alphas "
        "n_jobs eps copy_X positive",
    "Lasso":
        "alpha fit_intercept normalize precompute copy_X max_iter tol "
        "warm_start positive random_state selection",
    "LassoCV":
        "eps n_alphas alphas fit_intercept normalize precompute max_iter tol "
        "copy_X cv verbose n_jobs positive random_state selection",
    "LassoLars":
        "alpha fit_intercept verbose normalize precompute max_iter eps "
        "copy_X fit_path positive",
    "LassoLarsCV":
        "fit_intercept verbose max_iter normalize precompute cv max_n_alphas "
        "n_jobs eps copy_X positive",
    "LassoLarsIC":
        "criterion fit_intercept verbose normalize precompute max_iter eps "
        "copy_X positive",
    "LatentDirichletAllocation":
        "n_topics doc_topic_prior topic_word_prior learning_method "
        "learning_decay learning_offset max_iter batch_size evaluate_every "
        "total_samples perp_tol mean_change_tol max_doc_update_iter n_jobs "
        "verbose random_state",
    "LinearRegression": "fit_intercept normalize copy_X n_jobs",
    "LogisticRegression":
        "penalty dual tol C fit_intercept intercept_scaling class_weight "
        "random_state solver max_iter multi_class verbose warm_start n_jobs",
    "LogisticRegressionCV":
        "Cs fit_intercept cv dual penalty scoring solver tol max_iter "
        "class_weight n_jobs verbose refit intercept_scaling multi_class "
        "random_state",
    "MDS":
        "n_components metric n_init max_iter verbose eps n_jobs random_state "
        "dissimilarity",
    "MiniBatchDictionaryLearning":
        "n_components alpha n_iter fit_algorithm n_jobs batch_size shuffle "
        "dict_init transform_algorithm transform_n_nonzero_coefs "
        "transform_alpha verbose split_sign random_state",
    "MiniBatchSparsePCA":
        "n_components alpha ridge_alpha n_iter callback batch_size verbose "
        "shuffle n_jobs method random_state",
    "MultiTaskElasticNet":
        "alpha l1_ratio fit_intercept normalize copy_X max_iter tol "
        "warm_start random_state selection",
    "MultiTaskElasticNetCV":
        "l1_ratio eps n_alphas alphas fit_intercept normalize max_iter tol "
        "cv copy_X verbose n_jobs random_state selection",
    "MultiTaskLasso":
        "alpha fit_intercept normalize copy_X max_iter tol warm_start "
        "random_state selection",
    "MultiTaskLassoCV":
        "eps n_alphas alphas fit_intercept normalize max_iter tol copy_X cv "
        "verbose n_jobs random_state selection",
    "MultinomialNB": "alpha fit_prior class_prior",
    "NMF":
        "n_components init solver tol max_iter random_state alpha l1_ratio "
        "verbose shuffle nls_max_iter sparseness beta eta",
    "NuSVC":
        "nu kernel degree gamma coef0 shrinking probability tol cache_size "
        "class_weight verbose max_iter decision_function_shape random_state",
    "OneClassSVM":
        "kernel degree gamma coef0 tol nu shrinking cache_size verbose "
        "max_iter random_state",
    "OneHotEncoder":
        "n_values categorical_features dtype sparse handle_unknown",
    "OrthogonalMatchingPursuit":
        "n_nonzero_coefs tol fit_intercept normalize precompute",
    "OrthogonalMatchingPursuitCV":
        "copy fit_intercept normalize max_iter cv n_jobs verbose",
    "PCA":
        "n_components copy whiten svd_solver tol iterated_power random_state",
    "PassiveAggressiveClassifier":
        "C fit_intercept n_iter shuffle verbose loss n_jobs random_state "
        "warm_start class_weight",
    "PassiveAggressiveRegressor":
        "C fit_intercept n_iter shuffle verbose loss epsilon random_state "
        "warm_start",
    "Perceptron":
        "penalty alpha fit_intercept n_iter shuffle verbose eta0 n_jobs "
        "random_state class_weight warm_start",
    "QuadraticDiscriminantAnalysis": "priors reg_param store_covariances tol",
    "RANSACRegressor":
        "base_estimator min_samples residual_threshold is_data_valid "
        "is_model_valid max_trials stop_n_inliers stop_score "
        "stop_probability residual_metric random_state",
    "RFE": "estimator n_features_to_select step estimator_params verbose",
    "RFECV": "estimator step cv scoring estimator_params verbose",
    "RandomForestClassifier":
        "n_estimators criterion max_depth min_samples_split min_samples_leaf "
        "min_weight_fraction_leaf max_features max_leaf_nodes bootstrap "
        "oob_score n_jobs random_state verbose warm_start class_weight",
    "RandomForestRegressor":
        "n_estimators criterion max_depth min_samples_split min_samples_leaf "
        "min_weight_fraction_leaf max_features max_leaf_nodes bootstrap "
        "oob_score n_jobs random_state verbose warm_start",
    "RandomTreesEmbedding":
        "n_estimators max_depth min_samples_split min_samples_leaf "
        "min_weight_fraction_leaf max_leaf_nodes sparse_output n_jobs "
        "random_state verbose warm_start",
    "RandomizedSearchCV":
        "estimator param_distributions n_iter scoring fit_params n_jobs iid "
        "refit cv verbose pre_dispatch random_state error_score",
    "Ridge":
        "alpha fit_intercept normalize copy_X max_iter tol solver "
        "random_state",
    "RidgeCV":
        "alphas fit_intercept normalize scoring cv gcv_mode store_cv_values",
    "RidgeClassifier":
        "alpha fit_intercept normalize copy_X max_iter tol class_weight "
        "solver random_state",
    "RidgeClassifierCV":
        "alphas fit_intercept normalize scoring cv class_weight",
    "RobustScaler": "with_centering with_scaling copy",
    "SGDClassifier":
        "loss penalty alpha l1_ratio fit_intercept n_iter shuffle verbose "
        "epsilon n_jobs random_state learning_rate eta0 power_t class_weight "
        "warm_start average",
    "SGDRegressor":
        "loss penalty alpha l1_ratio fit_intercept n_iter shuffle verbose "
        "epsilon random_state learning_rate eta0 power_t warm_start average",
    "SVC":
        "C kernel degree gamma coef0 shrinking probability tol cache_size "
        "class_weight verbose max_iter decision_function_shape random_state",
    "SparseRandomProjection":
        "n_components density eps dense_output random_state",
    "SpectralBiclustering":
        "n_clusters method n_components n_best svd_method n_svd_vecs "
        "mini_batch init n_init n_jobs random_state",
    "SpectralClustering":
        "n_clusters eigen_solver random_state n_init gamma affinity "
        "n_neighbors eigen_tol assign_labels degree coef0 kernel_params",
    "SpectralCoclustering":
        "n_clusters svd_method n_svd_vecs mini_batch init n_init n_jobs "
        "random_state",
    "SpectralEmbedding":
        "n_components affinity gamma random_state eigen_solver n_neighbors",
    "TSNE":
        "n_components perplexity early_exaggeration learning_rate n_iter "
        "n_iter_without_progress min_grad_norm metric init verbose "
        "random_state method angle",
    "TheilSenRegressor":
        "fit_intercept copy_X max_subpopulation n_subsamples max_iter tol "
        "random_state n_jobs verbose",
    "TruncatedSVD": "n_components algorithm n_iter random_state tol",
    "as_float_array": "X copy force_all_finite",
    "average_precision_score": "y_true y_score average sample_weight",
    "brier_score_loss": "y_true y_prob sample_weight pos_label",
    "calibration_curve": "y_true y_prob normalize n_bins",
    "check_X_y":
        "X y accept_sparse dtype order copy force_all_finite ensure_2d "
        "allow_nd multi_output ensure_min_samples ensure_min_features "
        "y_numeric warn_on_dtype estimator",
    "check_array":
        "array accept_sparse dtype order copy force_all_finite ensure_2d "
        "allow_nd ensure_min_samples ensure_min_features warn_on_dtype "
        "estimator",
    "column_or_1d": "y warn",
    "dbscan":
        "X eps min_samples metric algorithm leaf_size p sample_weight "
        "random_state",
    "dict_learning_online":
        "X n_components alpha n_iter return_code dict_init callback "
        "batch_size verbose shuffle n_jobs method iter_offset random_state "
        "return_inner_stats inner_stats return_n_iter",
    "fastica":
        "X n_components algorithm whiten fun fun_args max_iter tol w_init "
        "random_state return_X_mean compute_sources return_n_iter",
    "hamming_loss": "y_true y_pred classes",
    "k_means":
        "X n_clusters init precompute_distances n_init max_iter verbose tol "
        "random_state copy_x n_jobs return_n_iter",
    "linkage_tree":
        "X connectivity n_components n_clusters linkage affinity "
        "return_distance",
    "make_sparse_spd_matrix":
        "dim alpha norm_diag smallest_coef largest_coef random_state",
    "manhattan_distances": "X Y sum_over_features size_threshold",
    "mean_shift":
        "X bandwidth seeds bin_seeding min_bin_freq cluster_all max_iter "
        "max_iterations n_jobs",
    "non_negative_factorization":
        "X W H n_components init update_H solver tol max_iter alpha l1_ratio "
        "regularization random_state verbose shuffle nls_max_iter sparseness "
        "beta eta",
    "pairwise_distances_argmin": "X Y axis metric batch_size metric_kwargs",
    "pairwise_distances_argmin_min":
        "X Y axis metric batch_size metric_kwargs",
    "precision_recall_curve": "y_true probas_pred pos_label sample_weight",
    "randomized_range_finder": "A size n_iter random_state",
    "randomized_svd":
        "M n_components n_oversamples n_iter transpose flip_sign "
        "random_state",
    "ridge_regression":
        "X y alpha sample_weight solver max_iter tol verbose random_state "
        "return_n_iter return_intercept",
    "robust_scale": "X axis with_centering with_scaling copy",
    "smacof":
        "similarities metric n_components init n_init n_jobs max_iter "
        "verbose eps random_state return_n_iter",
    "trustworthiness": "X X_embedded n_neighbors precomputed",
    "ward_tree": "X connectivity n_components n_clusters return_distance",
}.items()}

#: Functions as in ``sklearn.cross_validation`` and its kind.
WITHOUT_GROUPS = {name: order.split() for name, order in {
    "cross_val_predict":
        "estimator X y cv n_jobs verbose fit_params pre_dispatch",
    "cross_val_score":
        "estimator X y scoring cv n_jobs verbose fit_params pre_dispatch",
    "learning_curve":
        "estimator X y train_sizes cv scoring exploit_incremental_learning "
        "n_jobs pre_dispatch verbose",
    "permutation_test_score":
        "estimator X y cv n_permutations n_jobs labels random_state verbose "
        "scoring",
    "validation_curve":
        "estimator X y param_name param_range cv scoring n_jobs pre_dispatch "
        "verbose",
}.items()}
